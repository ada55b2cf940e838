// Reads Alloy configurations and says what is in them, by Alloy's own parser and printer: what `alloy fmt` does, and a
// list of the blocks. The input is JSON, name to text, so that a test asks of hundreds at once; so is the answer.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
)

const version = "0.1.0"

type block struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Arguments []string `json:"arguments"`
	Blocks    []block  `json:"blocks"`
}

type answer struct {
	Error     string  `json:"error"`
	Formatted string  `json:"formatted"`
	Blocks    []block `json:"blocks"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("alloyfmt", version)
		return
	}
	var given map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fmt.Fprintln(os.Stderr, "alloyfmt: give JSON on standard input, name to configuration:", err)
		os.Exit(2)
	}
	answers := make(map[string]answer, len(given))
	for name, text := range given {
		answers[name] = read(name, text)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		os.Exit(1)
	}
}

func read(name, text string) answer {
	file, err := parser.ParseFile(name, []byte(text))
	if err != nil {
		return answer{Error: err.Error()}
	}
	var out bytes.Buffer
	if err := printer.Fprint(&out, file); err != nil {
		return answer{Error: err.Error()}
	}
	out.WriteByte('\n') // as `alloy fmt` ends a file
	_, blocks := below(file.Body)
	return answer{Formatted: out.String(), Blocks: blocks}
}

func below(body ast.Body) ([]string, []block) {
	arguments, blocks := []string{}, []block{}
	for _, statement := range body {
		switch found := statement.(type) {
		case *ast.AttributeStmt:
			arguments = append(arguments, found.Name.Name)
		case *ast.BlockStmt:
			inner, nested := below(found.Body)
			blocks = append(blocks, block{strings.Join(found.Name, "."), found.Label, inner, nested})
		}
	}
	return arguments, blocks
}
