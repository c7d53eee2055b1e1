module tideway.dev/sandbox/pause

go 1.24
