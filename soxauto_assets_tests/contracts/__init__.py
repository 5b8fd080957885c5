"""What every store of a kind must do, wherever it keeps things: one suite each, run on a folder and on S3."""
