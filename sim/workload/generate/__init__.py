"""Built-in workloads: integers and named streams in, a `TransactionTrace` out."""
