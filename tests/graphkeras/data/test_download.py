"""get_file, from a server on this machine."""

import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from graphkeras.compiler import config
from graphkeras.utils import get_file

CONTENT = b"some data " * 1000


@pytest.fixture
def server():
    """Serves `files`, counts requests; "/short" breaks off."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.requests += 1
            content = served.files.get(self.path.partition("?")[0])
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) * (2 if self.path == "/short.bin" else 1)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.requests, served.files = 0, {"/data/set.bin": CONTENT, "/short.bin": CONTENT}
    served.address = f"http://127.0.0.1:{served.server_port}"
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_downloads_once(server, tmp_path):
    path = get_file(origin=f"{server.address}/data/set.bin?version=2", cache_dir=tmp_path)
    assert path == str(tmp_path / "datasets" / "set.bin") and Path(path).read_bytes() == CONTENT
    assert get_file("set.bin", f"{server.address}/data/set.bin", cache_dir=tmp_path) == path and server.requests == 1
    get_file("set.bin", f"{server.address}/data/set.bin", cache_dir=tmp_path, force_download=True)
    assert server.requests == 2 and listed(tmp_path) == ["datasets", "datasets/set.bin"]


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_hashes(server, tmp_path, algorithm):
    right = hashlib.new(algorithm, CONTENT).hexdigest()
    origin = f"{server.address}/data/set.bin"
    path = get_file(origin=origin, file_hash=right, cache_dir=tmp_path)
    Path(path).write_bytes(b"spoiled")
    assert Path(get_file(origin=origin, file_hash=right, cache_dir=tmp_path)).read_bytes() == CONTENT
    assert server.requests == 2
    with pytest.raises(ValueError, match=rf"the {algorithm} of what .* gave is {right}, expected 0000"):
        get_file(origin=origin, file_hash="0" * len(right), cache_dir=tmp_path)
    assert Path(path).read_bytes() == CONTENT  # the file that was there is still there


def test_md5_hash_is_the_older_spelling(server, tmp_path):
    with pytest.raises(ValueError, match="the md5 of"):
        get_file(origin=f"{server.address}/data/set.bin", md5_hash="0" * 32, cache_dir=tmp_path)
    assert listed(tmp_path) == ["datasets"]


def test_a_broken_download_leaves_nothing(server, tmp_path):
    with pytest.raises(ConnectionError, match=r"short.bin could not be read"):
        get_file(origin=f"{server.address}/short.bin", cache_dir=tmp_path)
    with pytest.raises(ConnectionError, match="could not be read: 404"):
        get_file(origin=f"{server.address}/nothing", cache_dir=tmp_path)
    assert listed(tmp_path) == ["datasets"]


def test_offline(server, tmp_path):
    address = server.address
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError, match=r"Without a connection, put the file at .*set.bin yourself"):
        get_file(origin=f"{address}/data/set.bin", cache_dir=tmp_path)
    assert listed(tmp_path) == ["datasets"]


def archive_of(kind, names):
    made = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(made, "w") as archive:
            for name in names:
                archive.writestr(name, name)
    else:
        with tarfile.open(fileobj=made, mode="w:gz") as archive:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = len(name)
                archive.addfile(info, io.BytesIO(name.encode()))
    return made.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_archives(server, tmp_path, kind):
    server.files[f"/flowers.{kind}"] = archive_of(kind, ["red/1.txt", "blue/2.txt"])
    origin = f"{server.address}/flowers.{kind}"
    folder = get_file(origin=origin, extract=True, cache_dir=tmp_path, cache_subdir="sets")
    assert folder == str(tmp_path / "sets" / f"flowers.{kind}")
    assert Path(folder, "red", "1.txt").read_text() == "red/1.txt"
    assert get_file(f"f.{kind}", origin, extract=True, cache_dir=tmp_path).endswith("datasets/f_extracted")
    assert get_file("f", origin, extract=True, cache_dir=tmp_path).endswith("datasets/f")
    assert listed(tmp_path / "datasets" / "f") == ["blue", "blue/2.txt", "red", "red/1.txt"]
    assert not [name for name in listed(tmp_path) if "/." in name]  # nothing temporary is left


def test_archives_cannot_write_elsewhere(server, tmp_path):
    server.files["/evil.tgz"] = archive_of("tgz", ["../../evil.txt"])
    with pytest.raises(tarfile.OutsideDestinationError):
        get_file("evil", f"{server.address}/evil.tgz", untar=True, cache_dir=tmp_path)
    server.files["/evil.zip"] = archive_of("zip", ["../../evil.txt"])
    get_file("zipped", f"{server.address}/evil.zip", extract=True, cache_dir=tmp_path)
    assert not (tmp_path / "evil.txt").exists() and not (tmp_path.parent / "evil.txt").exists()


def test_what_is_no_archive(server, tmp_path):
    with pytest.warns(UserWarning, match="is no archive"):
        get_file("a", f"{server.address}/data/set.bin", extract=True, cache_dir=tmp_path)


def test_default_folder(server, tmp_path):
    former = config.update(keras_home=tmp_path / "home")
    try:
        path = get_file(origin=f"{server.address}/data/set.bin")
    finally:
        config.update(keras_home=former.keras_home)
    assert path == str(tmp_path / "home" / "datasets" / "set.bin")
    assert str(config.from_environment({"KERAS_HOME": "/somewhere"}).keras_home) == "/somewhere"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "origin, the address of the file, must be given"),
        ({"origin": "http://127.0.0.1/"}, "does not end in a file name; give fname"),
        ({"origin": "http://127.0.0.1/a", "fname": "a/b"}, "must be a name without folders, got 'a/b'"),
    ],
)
def test_errors(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        get_file(cache_dir=tmp_path, **arguments)
