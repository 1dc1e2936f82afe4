"""Calls: Fourier transforms and sequences."""

from .call import COUNTS, A, B, Call, call, draw

SIGNAL, LONG = draw(2, 50), draw(640)
WINDOW = draw(6, low=0.5, high=1.0)
PIECES = (draw(2, 9, 5), draw(2, 9, 5, seed=1))

CALLS: list[Call] = [
    call("fft", (A, B)), call("fft", (LONG, LONG)), call("fft", (draw(1), draw(1))), call("fft2", (A, B)),
    call("ifft2", (A, B)),
    call("rfft", A), call("rfft", LONG), call("rfft", A, fft_length=4), call("rfft", A, 8), call("rfft", COUNTS),
    call("irfft", (A, B)), call("irfft", (A, B), fft_length=7), call("irfft", (A, B), 12), call("irfft", (A, B), 5),
    call("extract_sequences", SIGNAL, 8, 4), call("extract_sequences", A, 2, 1), call("extract_sequences", LONG, 100, 7),
    call("stft", SIGNAL, 8, 4, 8), call("stft", SIGNAL, 6, 3, 8, window="hamming"),
    call("stft", SIGNAL, 6, 3, 9, window=WINDOW),
    call("stft", SIGNAL, 8, 4, 8, window=None, center=False), call("stft", LONG, 30, 11, 32, center=False),
    call("istft", PIECES, 8, 4, 8), call("istft", PIECES, 8, 2, 8, window="hamming", center=False),
    call("istft", PIECES, 6, 3, 9, length=20), call("istft", PIECES, 8, 3, 8, window=None),
    call("istft", PIECES, 6, 2, 8, window=WINDOW),
]  # fmt: skip
