"""Triton kernels with gaps, as files that a person can read; `kernels.render` fills the gaps.

A gap is a line ``# <section>``; the parameter ``pointers`` stands for the pointers that a kernel gets.
A line that ends with ``# if used``, and a helper function, stays only if its name occurs elsewhere in the kernel.
"""
