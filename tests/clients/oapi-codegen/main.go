// Register, verify, workout, upload and download by the client that oapi-codegen makes.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/oapi-codegen/runtime/types"

	"clients/api"
)

const email = "oapi-codegen@clients.example"

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func some[T any](value T) *T { return &value }

func main() {
	ctx := context.Background()
	token := ""
	signIn := api.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	})
	client := must(api.NewClientWithResponses(os.Getenv("BASE"), signIn))

	registered := must(client.AuthServiceRegisterWithResponse(ctx, api.FitnessUserV1RegisterRequest{
		Email: types.Email(email), Password: "brown paper lantern 7", DisplayName: "Oapi",
	}))
	if registered.JSON202 == nil {
		log.Fatal(registered.Status(), string(registered.Body))
	}
	code := strings.TrimSpace(string(must(exec.Command(os.Getenv("CODE"), email).Output())))
	session := must(client.AuthServiceVerifyEmailWithResponse(ctx, api.FitnessUserV1VerifyEmailRequest{
		Email: types.Email(email), Code: code,
	})).JSON200
	token = session.AccessToken

	page := must(client.ExerciseServiceListExercisesWithResponse(ctx, &api.ExerciseServiceListExercisesParams{
		PageSize: some(int32(1)),
	})).JSON200
	workout := must(client.WorkoutServiceStartWorkoutWithResponse(ctx, api.FitnessWorkoutV1StartWorkoutRequest{
		Name: some(session.User.DisplayName),
	})).JSON201
	set := must(client.WorkoutServiceLogSetWithResponse(ctx, workout.WorkoutId, api.WorkoutServiceLogSetJSONRequestBody{
		ExerciseId: page.Exercises[0].ExerciseId, Reps: some(int32(5)), WeightKg: some(60.0),
	}))
	if set.JSON201 == nil {
		log.Fatal(set.Status(), string(set.Body))
	}
	finished := must(client.WorkoutServiceFinishWorkoutWithResponse(ctx, workout.WorkoutId,
		api.WorkoutServiceFinishWorkoutJSONRequestBody{})).JSON200
	if finished == nil || finished.SetCount != 1 {
		log.Fatal("the workout is not finished")
	}

	picture := must(os.ReadFile(os.Getenv("PICTURE")))
	stored := must(client.FileServiceUploadFileWithBodyWithResponse(ctx,
		&api.FileServiceUploadFileParams{Purpose: "avatar"}, "image/png", bytes.NewReader(picture)))
	if stored.JSON201 == nil {
		log.Fatal(stored.Status(), string(stored.Body))
	}
	file := must(client.FileServiceDownloadFileWithResponse(ctx, stored.JSON201.FileId, nil))
	if !bytes.HasPrefix(file.Body, picture[:4]) {
		log.Fatal("another picture came back")
	}
	twice := must(client.WorkoutServiceFinishWorkoutWithResponse(ctx, workout.WorkoutId,
		api.WorkoutServiceFinishWorkoutJSONRequestBody{}))
	if twice.StatusCode() < 400 {
		log.Fatal("a workout was finished twice")
	}
	fmt.Println("oapi-codegen: ok")
}
