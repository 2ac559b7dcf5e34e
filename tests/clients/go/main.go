// Register, verify, workout, upload and download by the client that openapi-generator's `go` makes.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"

	"clients/api"
)

const email = "go@clients.example"

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	config := api.NewConfiguration()
	config.Servers = api.ServerConfigurations{{URL: os.Getenv("BASE")}}
	client := api.NewAPIClient(config)
	ctx := context.Background()

	register := api.NewFitnessUserV1RegisterRequest(email, "brown paper lantern 7", "Go")
	_, _, err := client.AuthServiceAPI.AuthServiceRegister(ctx).FitnessUserV1RegisterRequest(*register).Execute()
	must(0, err)
	code := strings.TrimSpace(string(must(exec.Command(os.Getenv("CODE"), email).Output())))
	verify := api.NewFitnessUserV1VerifyEmailRequest(email, code)
	session, _, err := client.AuthServiceAPI.AuthServiceVerifyEmail(ctx).FitnessUserV1VerifyEmailRequest(*verify).Execute()
	must(0, err)
	ctx = context.WithValue(ctx, api.ContextAccessToken, session.AccessToken)

	page, _, err := client.ExerciseServiceAPI.ExerciseServiceListExercises(ctx).PageSize(1).Execute()
	must(0, err)
	start := api.NewFitnessWorkoutV1StartWorkoutRequest()
	start.SetName(session.User.DisplayName)
	workout, _, err := client.WorkoutServiceAPI.WorkoutServiceStartWorkout(ctx).FitnessWorkoutV1StartWorkoutRequest(*start).Execute()
	must(0, err)
	set := api.NewWorkoutServiceLogSetRequest(page.Exercises[0].ExerciseId)
	set.SetReps(5)
	set.SetWeightKg(60)
	_, _, err = client.WorkoutServiceAPI.WorkoutServiceLogSet(ctx, workout.WorkoutId).WorkoutServiceLogSetRequest(*set).Execute()
	must(0, err)
	// Left out, this generator sends null, which is no body.
	now := *api.NewWorkoutServiceFinishWorkoutRequest()
	finished, _, err := client.WorkoutServiceAPI.WorkoutServiceFinishWorkout(ctx, workout.WorkoutId).WorkoutServiceFinishWorkoutRequest(now).Execute()
	must(0, err)
	if finished.State != api.WORKOUT_STATE_FINISHED || finished.SetCount != 1 {
		log.Fatal(finished)
	}

	picture := must(os.Open(os.Getenv("PICTURE")))
	stored, _, err := client.FileServiceAPI.FileServiceUploadFile(ctx).Purpose("avatar").Body(picture).Execute()
	must(0, err)
	file, _, err := client.FileServiceAPI.FileServiceDownloadFile(ctx, stored.FileId).Execute()
	must(0, err)
	head := make([]byte, 4)
	must(file.Read(head))
	if string(head) != "\x89PNG" {
		log.Fatal("another picture came back")
	}
	_, _, err = client.WorkoutServiceAPI.WorkoutServiceFinishWorkout(ctx, workout.WorkoutId).WorkoutServiceFinishWorkoutRequest(now).Execute()
	if err == nil {
		log.Fatal("a workout was finished twice")
	}
	fmt.Println("go: ok")
}
