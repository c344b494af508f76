// Command merge asks Kubernetes' libraries, in the versions that Helm 4.2.4 is built with, how
// objects are merged: `go run . schema` writes src/kubernetes/merge/schema.txt, and `go run . cases
// SEED COUNT` writes merges of random objects and their answers.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch {
	case len(os.Args) == 2 && os.Args[1] == "schema":
		schema(out)
	case len(os.Args) == 4 && os.Args[1] == "cases":
		seed, err := strconv.ParseUint(os.Args[2], 10, 64)
		check(err)
		count, err := strconv.Atoi(os.Args[3])
		check(err)
		cases(out, seed, count)
	default:
		check(fmt.Errorf("usage: merge schema | merge cases SEED COUNT"))
	}
}
