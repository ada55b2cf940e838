// The Kubernetes provider of Pulumi, built from its Go module.
//
// Its main package embeds files that only its release process makes, so this one reads them where the tool cache has
// laid them: beside the executable. `schema.json` and `terraform-mapping.json` are files of the same module.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, schema(), beside("terraform-mapping.json"))
}

// schema returns the provider's schema, an object without a version, with the one of this build put at its beginning:
// to parse its seven megabytes would take longer than all else at the start.
func schema() []byte {
	return append(fmt.Appendf(nil, `{"version": %q,`, version.Version), beside("schema.json")[len("{"):]...)
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
