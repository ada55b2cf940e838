// Prints a CustomResourceDefinition of the Prometheus operator, as the operator's own module has it.
package main

import (
	"bytes"
	"fmt"
	"os"

	crd "github.com/prometheus-operator/prometheus-operator/example"
)

const version = "0.93.1"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "operator-crds: give one name, such as podmonitors.monitoring.coreos.com")
		os.Exit(2)
	}
	if os.Args[1] == "--version" {
		fmt.Println("operator-crds", version)
		return
	}
	var all bytes.Buffer
	if err := crd.PrintAll(&all); err != nil {
		fmt.Fprintln(os.Stderr, "operator-crds:", err)
		os.Exit(1)
	}
	named := []byte("\n  name: " + os.Args[1] + "\n")
	for _, definition := range bytes.Split(all.Bytes(), []byte("---\napiVersion:")) {
		if bytes.Contains(definition, named) {
			fmt.Printf("apiVersion:%s", definition)
			return
		}
	}
	fmt.Fprintln(os.Stderr, "operator-crds: no", os.Args[1])
	os.Exit(1)
}
