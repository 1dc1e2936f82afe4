"""Programs around graphkeras: the dump tool, benchmarks, the type check. Nothing imports this package."""
