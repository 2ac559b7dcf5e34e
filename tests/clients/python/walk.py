"""Register, verify, workout, upload and download by the client that openapi-generator's `python` makes."""
import datetime
import os
import subprocess

import openapi_client as api

EMAIL = "python@clients.example"
PASSWORD = "brown paper lantern 7"
PICTURE = open(os.environ["PICTURE"], "rb").read()

config = api.Configuration(host=os.environ["BASE"])
with api.ApiClient(config) as client:
    auth = api.AuthServiceApi(client)
    auth.auth_service_register(
        api.FitnessUserV1RegisterRequest(email=EMAIL, password=PASSWORD, display_name="Python"))
    code = subprocess.run([os.environ["CODE"], EMAIL], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    session = auth.auth_service_verify_email(api.FitnessUserV1VerifyEmailRequest(email=EMAIL, code=code))
    assert session.user.email == EMAIL and isinstance(session.user.create_time, datetime.datetime)
    config.access_token = session.access_token

    exercises = api.ExerciseServiceApi(client).exercise_service_list_exercises(
        page_size=1, equipment=api.FitnessWorkoutV1Equipment.EQUIPMENT_BARBELL)
    workouts = api.WorkoutServiceApi(client)
    workout = workouts.workout_service_start_workout(api.FitnessWorkoutV1StartWorkoutRequest(name="Client"))
    assert isinstance(workout.training_date, datetime.date)
    workouts.workout_service_log_set(
        workout.workout_id,
        api.WorkoutServiceLogSetRequest(exercise_id=exercises.exercises[0].exercise_id, reps=5, weight_kg=60))
    finished = workouts.workout_service_finish_workout(workout.workout_id)
    assert finished.state == api.FitnessWorkoutV1WorkoutState.WORKOUT_STATE_FINISHED and finished.set_count == 1

    files = api.FileServiceApi(client)
    stored = files.file_service_upload_file("avatar", PICTURE, file_name="a.png", _content_type="image/png")
    assert stored.content_type == "image/png"
    assert bytes(files.file_service_download_file(stored.file_id))[:4] == PICTURE[:4]

    try:
        workouts.workout_service_finish_workout(workout.workout_id)
        raise SystemExit("a workout was finished twice")
    except api.ApiException as error:
        assert error.status in (400, 409) and error.data.code, error
print("python: ok")
