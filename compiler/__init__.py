"""The graph and all that is done to it: ops, autodiff, passes, lowering, executables."""
