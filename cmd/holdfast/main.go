// Command holdfast runs retention playbooks as durable workflows.
package main

import (
	"os"
	_ "time/tzdata" // zones travel with the binary

	"holdfast/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
