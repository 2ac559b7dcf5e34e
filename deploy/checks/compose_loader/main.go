// Loads a compose file the way Docker Compose does, by the library it is made of: interpolation, merge keys, schema,
// consistency of the services that the profiles leave. Prints the resolved project of each set of profiles as JSON:
//
//	compose_loader FILE ENVIRONMENT-FILE PROFILE[,PROFILE]...
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: compose_loader FILE ENVIRONMENT-FILE PROFILE[,PROFILE]...")
		os.Exit(2)
	}
	projects := map[string]json.RawMessage{}
	for _, profiles := range os.Args[3:] {
		project, err := load(os.Args[1], os.Args[2], strings.Split(profiles, ","))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", profiles, err)
			os.Exit(1)
		}
		projects[profiles] = project
	}
	if err := json.NewEncoder(os.Stdout).Encode(projects); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The environment of this process is left out: what a person has exported must not decide what the check sees.
func load(file, environment string, profiles []string) (json.RawMessage, error) {
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithWorkingDirectory(filepath.Dir(file)),
		cli.WithEnvFiles(environment),
		cli.WithDotEnv,
		cli.WithProfiles(profiles),
	)
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}
