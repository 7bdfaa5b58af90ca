"""Where bytes are kept: under their own hash, in a folder or in a bucket, sealed where a person is concerned."""
