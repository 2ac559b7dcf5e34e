//! What a new person does in the first weeks: train, improve, be reminded, forget the password.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::harness::{Account, Api, Inbox, Mail, Person, eventually};

const LIMIT: Duration = Duration::from_secs(20);
/// A reminder is due at a full minute, and the story asks for the next but one at worst.
const REMINDER_LIMIT: Duration = Duration::from_secs(100);

/// The person at the end of it, and everything on the way that nobody else may read.
pub(super) struct Story {
    pub(super) person: Person,
    pub(super) secrets: Vec<(&'static str, String)>,
    pub(super) codes: Vec<String>,
}

impl Story {
    /// Lives the month.
    pub(super) async fn live(api: Api, inbox: Inbox) -> Self {
        let person = Person::join_as(api, inbox, Account::new("en")).await;
        let mut story = Self { person, secrets: Vec::new(), codes: Vec::new() };
        let first_code = story.person.inbox.mails_to(&story.person.account.email).await[0].code();
        story.codes.push(first_code);
        story.keep_tokens();
        story.secrets.push(("the password", story.person.account.password.clone()));

        // The profile follows the registration by an event.
        eventually("the athlete profile", LIMIT, || async {
            (story.person.call("GET", "/v1/routines", None).await.0 == 200).then_some(())
        })
        .await;
        story.plan().await;
        let reminder = story.set_reminder().await;
        story.train().await;
        story.upload_photo().await;
        story.sign_in_by_code().await;
        story.be_reminded_and_unsubscribe(&reminder).await;
        story.reset_password().await;
        story
    }

    fn keep_tokens(&mut self) {
        self.secrets.push(("an access token", self.person.access_token.clone()));
        self.secrets.push(("a refresh token", self.person.refresh_token.clone()));
    }

    /// A generated routine of three days, and a workout that follows its first day.
    async fn plan(&self) {
        let wishes = json!({
            "goal": "GOAL_STRENGTH",
            "level": "LEVEL_BEGINNER",
            "days_per_week": 3,
            "equipment": ["EQUIPMENT_BARBELL", "EQUIPMENT_BENCH", "EQUIPMENT_DUMBBELL"],
            "session_minutes": 60,
        });
        let routine = self.person.post("/v1/routines:generate", &wishes).await;
        assert_eq!(routine["days"].as_array().unwrap().len(), 3, "{routine}");
        let day = &routine["days"][0];
        assert!(!day["exercises"].as_array().unwrap().is_empty());
        let start = json!({ "routine_id": routine["routine_id"], "day_id": day["day_id"] });
        let workout = self.person.post("/v1/workouts", &start).await;
        assert_eq!(
            workout["plan"].as_array().unwrap().len(),
            day["exercises"].as_array().unwrap().len(),
            "the workout has the plan of the day"
        );
        let path = format!("/v1/workouts/{}", workout["workout_id"].as_str().unwrap());
        self.person.expect("DELETE", &path, None).await;
    }

    async fn set_reminder(&self) -> Value {
        let due = Utc::now() + TimeDelta::seconds(65);
        let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
        let reminder = json!({
            "message": "Leg day",
            "time_of_day": due.format("%H:%M").to_string(),
            "days_of_week": days.map(|day| format!("DAY_{day}")),
            "time_zone": "UTC",
        });
        self.person.post("/v1/reminders", &reminder).await
    }

    /// One finished workout with one exercise; answers its id.
    async fn workout(&self, exercise_id: &Value, weight_kg: f64) -> String {
        let workout = self.person.post("/v1/workouts", &json!({ "name": "Evening" })).await;
        let workout_id = workout["workout_id"].as_str().unwrap().to_owned();
        for _ in 0..3 {
            let set = json!({ "exercise_id": exercise_id, "reps": 5, "weight_kg": weight_kg });
            self.person.post(&format!("/v1/workouts/{workout_id}/sets"), &set).await;
        }
        let finished = self.person.post(&format!("/v1/workouts/{workout_id}:finish"), &json!({})).await;
        assert_eq!(finished["state"], "WORKOUT_STATE_FINISHED");
        assert_eq!(finished["set_count"], 3);
        workout_id
    }

    /// Two workouts, the second of them heavier: a record, and an achievement that is mailed.
    async fn train(&self) {
        let found = self.person.get("/v1/exercises?equipment=EQUIPMENT_BARBELL&page_size=1").await;
        let exercise_id = &found["exercises"][0]["exercise_id"];
        self.workout(exercise_id, 60.0).await;
        let heavier = self.workout(exercise_id, 62.5).await;

        let records = self.person.get("/v1/records").await;
        let record = &records["records"][0];
        assert_eq!(record["workout_id"], heavier.as_str());
        // Epley: 62.5 × (1 + 5 / 30).
        let estimate = record["estimated_one_rep_max_kg"].as_f64().unwrap();
        assert!((estimate - 62.5 * (1.0 + 5.0 / 30.0)).abs() < 0.01, "{estimate}");
        let stats = self.person.get("/v1/stats").await;
        assert_eq!((&stats["workout_count"], &stats["set_count"]), (&json!(2), &json!(6)));
        let achievements = self.person.get("/v1/achievements").await;
        let unlocked = achievements["achievements"].as_array().unwrap().iter();
        assert!(unlocked.filter(|achievement| achievement["unlocked"] == true).count() >= 1);
        let mail = self.mail("achievement").await;
        assert!(mail.header("List-Unsubscribe").contains("/v1/unsubscribe?token="));
    }

    async fn upload_photo(&self) {
        let upload = self.person.request("POST", "/v1/files?purpose=progress_photo");
        let upload = upload.header("content-type", "image/png").body(crate::harness::png());
        let response = upload.send().await.unwrap();
        assert_eq!(response.status(), 201);
        let file: Value = response.json().await.unwrap();
        let path = format!("/v1/files/{}", file["file_id"].as_str().unwrap());
        let download = self.person.request("GET", &path).send().await.unwrap();
        assert_eq!(download.headers()["content-type"], "image/png");
        assert_eq!(download.bytes().await.unwrap(), crate::harness::png());
    }

    async fn sign_in_by_code(&mut self) {
        let email = &self.person.account.email;
        let asked = self.person.api.post("/v1/auth/login-code", &json!({ "email": email })).await;
        assert_eq!(asked.status(), 202);
        let code = self.mail("login_code").await.code();
        let sign_in = json!({ "email": email, "code": code });
        let phone =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1";
        let request = self.person.api.request("POST", "/v1/auth/login-code/verify");
        let session = request.header("user-agent", phone).json(&sign_in).send().await.unwrap();
        assert_eq!(session.status(), 200);
        self.codes.push(code);
        self.person.adopt(&session.json().await.unwrap());
        self.keep_tokens();
        self.mail("new_sign_in").await;

        let refresh = json!({ "refresh_token": self.person.refresh_token });
        let session = self.person.api.post("/v1/auth/refresh", &refresh).await;
        assert_eq!(session.status(), 200);
        self.person.adopt(&session.json().await.unwrap());
        self.keep_tokens();
        let sessions = self.person.get("/v1/auth/sessions").await;
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 2, "{sessions}");
    }

    async fn be_reminded_and_unsubscribe(&mut self, reminder: &Value) {
        let mail = self.mail("workout_reminder").await;
        assert!(mail.text.contains("Leg day"));
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        let token = token_in(mail.header("List-Unsubscribe"));
        let request = self.person.api.request("POST", &format!("/v1/unsubscribe?token={token}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body("List-Unsubscribe=One-Click").send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        let preferences = self.person.get("/v1/notification_preferences").await;
        assert_ne!(preferences["reminders"], json!(true), "{preferences}");
        assert_eq!(preferences["achievements"], json!(true), "only what was asked for");
        self.secrets.push(("an unsubscribe token", token));
        let path = format!("/v1/reminders/{}", reminder["reminder_id"].as_str().unwrap());
        assert_eq!(self.person.get(&path).await["message"], "Leg day");
    }

    async fn reset_password(&mut self) {
        let email = self.person.account.email.clone();
        let asked = self.person.api.post("/v1/auth/forgot-password", &json!({ "email": email })).await;
        assert_eq!(asked.status(), 202);
        let token = token_in(&self.mail("password_reset").await.text);
        let new_password = format!("new {}", self.person.account.password);
        let reset = json!({ "token": token, "new_password": new_password });
        assert_eq!(self.person.api.post("/v1/auth/reset-password", &reset).await.status(), 204);
        let again = json!({ "token": token, "new_password": format!("other {new_password}") });
        assert_eq!(self.person.api.post("/v1/auth/reset-password", &again).await.status(), 400, "once");
        self.secrets.push(("a reset token", token));
        self.secrets.push(("the new password", new_password.clone()));

        let (status, _) = self.person.call("GET", "/v1/users/me", None).await;
        assert_eq!(status, 401, "a reset ends all sessions");
        self.person.account.password = new_password;
        self.person.sign_in().await;
        self.keep_tokens();
        self.mail("password_changed").await;
    }

    /// The mail of a template, once the history says that it was sent.
    async fn mail(&self, template: &str) -> Mail {
        let limit = if template == "workout_reminder" { REMINDER_LIMIT } else { LIMIT };
        eventually(&format!("the mail {template}"), limit, || async {
            // Without a session (the password is being reset) the mailbox alone has to do.
            let mails = self.person.inbox.mails_to(&self.person.account.email).await;
            let history = self.person.call("GET", "/v1/notifications?page_size=100", None).await.1;
            let sent = history["notifications"].as_array()?.iter().find(|notification| {
                notification["template"] == template && notification["state"] == "NOTIFICATION_STATE_SENT"
            })?;
            let id = sent["notification_id"].as_str()?;
            mails.into_iter().find(|mail| mail.header("Message-ID").contains(id))
        })
        .await
    }
}

/// The token of the link in a text.
fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("token=").expect("there is a link with a token");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(*c)).collect()
}
