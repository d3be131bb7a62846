// Command holdfast runs retention playbooks as durable workflows.
package main

import (
	"os"
	_ "time/tzdata" // zones travel with the binary

	"holdfast/internal/cli"
	"holdfast/internal/heap"
)

func main() {
	heap.Keep()
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
