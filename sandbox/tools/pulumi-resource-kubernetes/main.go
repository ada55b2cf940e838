// The Kubernetes provider of Pulumi, built from its Go module.
//
// Its main package embeds files that only its release process makes, so this one reads them where the tool cache has
// laid them: beside the executable. `schema.json` and `terraform-mapping.json` are files of the same module.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, schema(), beside("terraform-mapping.json"))
}

// schema returns the provider's schema with this build's version, which the engine compares with the SDK's.
func schema() []byte {
	var content map[string]any
	if err := json.Unmarshal(beside("schema.json"), &content); err != nil {
		log.Fatalf("schema.json: %v", err)
	}
	content["version"] = version.Version
	encoded, err := json.Marshal(content)
	if err != nil {
		log.Fatalf("schema.json: %v", err)
	}
	return encoded
}

// beside reads a file that lies in this executable's folder.
func beside(name string) []byte {
	executable, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(filepath.Dir(executable), name))
	if err != nil {
		log.Fatal(err)
	}
	return content
}
