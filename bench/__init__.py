"""Benchmarks: programs that print ratios against a bare version of the same durable work in the same run."""
