// Compiles a Dockerfile by BuildKit's own front end, the way `docker build` does before anything runs, and prints what
// it finds as JSON: the warnings of `docker build --check`, the commands of the stages that the image needs, and the
// image's configuration.
//
//	dockerfile_front FILE [ARGUMENT=VALUE]...
//
// Base images are not asked for: each counts as one without a configuration.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	imagespec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Result is what the front end found.
type Result struct {
	Warnings []string `json:"warnings"`
	Commands []string `json:"commands"`
	Image    any      `json:"image"`
}

type noConfiguration struct{}

func (noConfiguration) ResolveImageConfig(
	_ context.Context, name string, _ sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	configuration := []byte(`{"architecture":"amd64","os":"linux","config":{}}`)
	return name, digest.FromBytes(configuration), configuration, nil
}

func main() {
	result, err := compile(os.Args[1], os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func compile(file string, arguments []string) (*Result, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	platform := platforms.MustParse("linux/amd64")
	given := map[string]string{}
	for _, argument := range arguments {
		name, value, _ := strings.Cut(argument, "=")
		given[name] = value
	}
	result := &Result{Warnings: []string{}}
	capabilities := pb.Caps.CapSet(pb.Caps.All())
	options := dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: given, BuildPlatforms: []imagespec.Platform{platform}},
		TargetPlatform: &platform,
		MetaResolver:   noConfiguration{},
		LLBCaps:        &capabilities,
		Warn: func(rule, _, _, message string, _ []parser.Range) {
			result.Warnings = append(result.Warnings, rule+": "+message)
		},
	}
	compiled, err := dockerfile2llb.Dockerfile2LLB(context.Background(), text, options)
	if err != nil {
		return nil, err
	}
	graph, err := compiled.State.Marshal(context.Background(), llb.Platform(platform))
	if err != nil {
		return nil, err
	}
	for _, step := range graph.Def {
		var operation pb.Op
		if err := operation.Unmarshal(step); err != nil {
			return nil, err
		}
		if run := operation.GetExec(); run != nil {
			result.Commands = append(result.Commands, strings.Join(run.Meta.Args, " "))
		}
	}
	result.Image = compiled.Image
	return result, nil
}
