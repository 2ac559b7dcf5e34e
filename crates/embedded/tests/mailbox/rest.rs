use embedded::mailbox::{Mailbox, MailboxConfig};
use reqwest::{Client as Http, StatusCode};
use serde_json::{Value, json};

use crate::client::Client;

const MAIL: &str = "From: Fitness Trainer <noreply@fitness.example>\r\n\
To: =?utf-8?q?Ada_L=C3=B6velace?= <ada@example.org>\r\n\
Reply-To: <help@fitness.example>\r\n\
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
Date: Sat, 1 Feb 2025 10:00:00 +0100\r\n\
Message-ID: <one@fitness.example>\r\n\
X-Trace-Id: 4bf92f3577b34da6\r\n\
List-Unsubscribe: <https://fitness.example/u?t=1>,\r\n <mailto:u@fitness.example>\r\n\
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=outer\r\n\
\r\n\
--outer\r\n\
Content-Type: multipart/alternative; boundary=inner\r\n\
\r\n\
--inner\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\
\r\n\
Your code is 123=\r\n\
456, Gr=C3=BC=C3=9Fe\r\n\
--inner\r\n\
Content-Type: text/html; charset=utf-8\r\n\
\r\n\
<p>Your code is <b>123456</b></p>\r\n\
--inner--\r\n\
--outer\r\n\
Content-Type: text/calendar; name=plan.ics\r\n\
Content-Disposition: attachment; filename=plan.ics\r\n\
\r\n\
BEGIN:VCALENDAR\r\n\
--outer--";

struct Fixture {
    mailbox: Mailbox,
    http: Http,
}

impl Fixture {
    async fn new() -> Self {
        let mailbox = Mailbox::start(MailboxConfig::in_memory()).await.unwrap();
        Self { mailbox, http: Http::new() }
    }

    async fn deliver(&self, recipient: &str, message: &str) {
        Client::greeted(self.mailbox.smtp_addr()).await.deliver(recipient, message).await;
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.mailbox.http_addr())
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }
}

#[tokio::test]
async fn a_list_has_mailpits_shape() {
    let fixture = Fixture::new().await;
    fixture.deliver("ada@example.org", MAIL).await;
    let list = fixture.json("/api/v1/messages").await;
    let id = fixture.mailbox.messages()[0].id().to_owned();
    let created = list["messages"][0]["Created"].as_str().unwrap().to_owned();
    assert!(created.ends_with('Z'), "{created}");
    assert_eq!(
        list,
        json!({
            "total": 1, "unread": 1, "count": 1, "messages_count": 1, "messages_unread": 1, "start": 0, "tags": [],
            "messages": [{
                "ID": id, "MessageID": "one@fitness.example", "Read": false,
                "From": {"Name": "Fitness Trainer", "Address": "noreply@fitness.example"},
                "To": [{"Name": "Ada Lövelace", "Address": "ada@example.org"}],
                "Cc": [], "Bcc": [],
                "ReplyTo": [{"Name": "", "Address": "help@fitness.example"}],
                "Subject": "Grüße", "Created": created, "Username": "", "Tags": [],
                "Size": MAIL.len() + 2, "Attachments": 1,
                "Snippet": "Your code is 123456, Grüße"
            }]
        })
    );
}

#[tokio::test]
async fn a_message_has_mailpits_shape_and_is_read_afterwards() {
    let fixture = Fixture::new().await;
    fixture.deliver("ada@example.org", MAIL).await;
    let id = fixture.mailbox.messages()[0].id().to_owned();
    let message = fixture.json(&format!("/api/v1/message/{id}")).await;
    assert_eq!(message, fixture.json("/api/v1/message/latest").await);
    assert_eq!(
        message,
        json!({
            "ID": id, "MessageID": "one@fitness.example",
            "From": {"Name": "Fitness Trainer", "Address": "noreply@fitness.example"},
            "To": [{"Name": "Ada Lövelace", "Address": "ada@example.org"}],
            "Cc": [], "Bcc": [],
            "ReplyTo": [{"Name": "", "Address": "help@fitness.example"}],
            "ReturnPath": "sender@example.org", "Subject": "Grüße",
            "ListUnsubscribe": {
                "Header": "<https://fitness.example/u?t=1>, <mailto:u@fitness.example>",
                "Links": ["https://fitness.example/u?t=1", "mailto:u@fitness.example"],
                "Errors": "", "HeaderPost": "List-Unsubscribe=One-Click"
            },
            "Date": "2025-02-01T09:00:00Z", "Tags": [], "Username": "",
            "Text": "Your code is 123456, Grüße",
            "HTML": "<p>Your code is <b>123456</b></p>",
            "Size": MAIL.len() + 2, "Inline": [],
            "Attachments": [{
                "PartID": "1", "FileName": "plan.ics", "ContentType": "text/calendar", "ContentID": "", "Size": 15
            }]
        })
    );
    let list = fixture.json("/api/v1/messages").await;
    assert_eq!((&list["unread"], &list["messages"][0]["Read"]), (&json!(0), &json!(true)));
}

#[tokio::test]
async fn headers_and_raw_bytes_are_available() {
    let fixture = Fixture::new().await;
    let mail = format!("Received: from a\r\nReceived: from b\r\n{MAIL}");
    fixture.deliver("ada@example.org", &mail).await;
    let headers = fixture.json("/api/v1/message/latest/headers").await;
    assert_eq!(headers["X-Trace-Id"], json!(["4bf92f3577b34da6"]));
    assert_eq!(headers["Message-Id"], json!(["<one@fitness.example>"]));
    assert_eq!(headers["Received"], json!(["from a", "from b"]));
    assert_eq!(
        headers["List-Unsubscribe"],
        json!(["<https://fitness.example/u?t=1>, <mailto:u@fitness.example>"]),
        "a folded header comes on one line"
    );
    let raw = fixture.get("/api/v1/message/latest/raw").await.text().await.unwrap();
    assert_eq!(raw, format!("{mail}\r\n"));
}

#[tokio::test]
async fn lists_are_newest_first_and_paged() {
    let fixture = Fixture::new().await;
    for number in 0..5 {
        fixture.deliver("b@example.org", &format!("Subject: {number}")).await;
    }
    let page = fixture.json("/api/v1/messages?start=1&limit=2").await;
    let subjects: Vec<_> =
        page["messages"].as_array().unwrap().iter().map(|mail| mail["Subject"].clone()).collect();
    assert_eq!(subjects, ["3", "2"]);
    assert_eq!((&page["total"], &page["count"], &page["start"]), (&json!(5), &json!(2), &json!(1)));
    assert_eq!(fixture.json("/api/v1/messages?start=99").await["messages"], json!([]));
}

#[tokio::test]
async fn a_search_finds_recipients_subjects_and_words() {
    let fixture = Fixture::new().await;
    fixture.deliver("ada@example.org", MAIL).await;
    fixture.deliver("bob@example.org", "Subject: Your plan\r\n\r\nsquats").await;
    for (query, found) in [
        ("to:ada@example.org", 1),
        ("to:ADA@example.org subject:grüße", 1),
        ("to:bob@example.org subject:grüße", 0),
        ("subject:\"your plan\"", 1),
        ("squats", 1),
        ("from:noreply@fitness.example", 1),
        ("example.org", 2),
    ] {
        let url = fixture.url("/api/v1/search");
        let list: Value =
            fixture.http.get(url).query(&[("query", query)]).send().await.unwrap().json().await.unwrap();
        assert_eq!(list["messages_count"], json!(found), "{query}");
        assert_eq!(list["total"], json!(2));
    }
}

#[tokio::test]
async fn some_or_all_messages_can_be_deleted() {
    let fixture = Fixture::new().await;
    for number in 0..3 {
        fixture.deliver("b@example.org", &format!("Subject: {number}")).await;
    }
    let delete = |body: String| fixture.http.delete(fixture.url("/api/v1/messages")).body(body).send();
    let id = fixture.mailbox.messages()[1].id().to_owned();
    let answer = delete(json!({ "IDs": [id] }).to_string()).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok");
    let subjects: Vec<_> = fixture.mailbox.messages().iter().map(|message| message.subject()).collect();
    assert_eq!(subjects, ["0", "2"]);
    assert_eq!(delete("{".into()).await.unwrap().status(), StatusCode::BAD_REQUEST);
    assert_eq!(fixture.mailbox.messages().len(), 2, "a broken request must not delete everything");
    delete(String::new()).await.unwrap();
    assert!(fixture.mailbox.messages().is_empty());
}

#[tokio::test]
async fn errors_are_json() {
    let fixture = Fixture::new().await;
    for (path, status) in [
        ("/api/v1/message/latest", StatusCode::NOT_FOUND),
        ("/api/v1/message/none/headers", StatusCode::NOT_FOUND),
        ("/api/v1/nothing", StatusCode::NOT_FOUND),
        ("/api/v1/messages?limit=many", StatusCode::BAD_REQUEST),
        ("/api/v1/search", StatusCode::BAD_REQUEST),
    ] {
        let response = fixture.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let body: Value = response.json().await.unwrap();
        assert!(body["Error"].is_string(), "{path}: {body}");
    }
    let response = fixture.http.post(fixture.url("/api/v1/messages")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_message_that_is_no_mail_can_still_be_looked_at() {
    let fixture = Fixture::new().await;
    for message in
        ["", "no header at all", ":", "\r\n\r\n", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x"]
    {
        fixture.deliver("b@example.org", message).await;
        let detail = fixture.json("/api/v1/message/latest").await;
        assert_eq!(detail["Bcc"], json!([{"Name": "", "Address": "b@example.org"}]), "{message:?}");
        fixture.json("/api/v1/message/latest/headers").await;
        fixture.json("/api/v1/messages").await;
    }
}

#[tokio::test]
async fn the_page_and_a_messages_html_are_locked_down() {
    let fixture = Fixture::new().await;
    fixture.deliver("b@example.org", "Content-Type: text/html\r\n\r\n<script>alert(1)</script>").await;
    let policy = |response: &reqwest::Response| {
        response.headers()["content-security-policy"].to_str().unwrap().to_owned()
    };
    for path in ["/", "/mailbox.css", "/mailbox.js"] {
        let response = fixture.get(path).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(policy(&response).contains("default-src 'none'"));
        let text = response.text().await.unwrap();
        assert!(!text.contains("http://") && !text.contains("https://"), "{path} refers to another host");
    }
    let response = fixture.get("/view/latest.html").await;
    let policy = policy(&response);
    assert!(
        policy.contains("sandbox") && !policy.contains("allow-scripts") && !policy.contains("script-src")
    );
    assert!(response.text().await.unwrap().contains("alert(1)"));
}

#[tokio::test]
async fn the_routes_that_clients_of_mailpit_use_are_there() {
    let fixture = Fixture::new().await;
    fixture.deliver("ada@example.org", MAIL).await;
    fixture.deliver("bob@example.org", MAIL).await;
    assert_eq!(fixture.get("/livez").await.status(), StatusCode::OK);
    assert_eq!(fixture.get("/readyz").await.status(), StatusCode::OK);
    let info: Value = fixture.get("/api/v1/info").await.json().await.unwrap();
    assert_eq!((&info["Messages"], &info["Unread"]), (&json!(2), &json!(2)));
    let tags: Value = fixture.get("/api/v1/tags").await.json().await.unwrap();
    assert_eq!(tags, json!([]));

    let text = fixture.get("/view/latest.txt").await;
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(text.text().await.unwrap().starts_with("Your code is 123456"));
    let part = fixture.get("/api/v1/message/latest/part/1").await;
    assert_eq!(part.headers()["content-type"], "text/calendar");
    assert_eq!(part.headers()["content-disposition"], "attachment");
    assert!(part.text().await.unwrap().starts_with("BEGIN:VCALENDAR"));
    for absent in ["0", "2", "x"] {
        let path = format!("/api/v1/message/latest/part/{absent}");
        assert_eq!(fixture.get(&path).await.status(), StatusCode::NOT_FOUND, "{absent}");
    }

    let unread = async || -> Value {
        let list: Value = fixture.get("/api/v1/messages").await.json().await.unwrap();
        list["unread"].clone()
    };
    let mark = async |body: &str| {
        let request = fixture.http.put(fixture.url("/api/v1/messages")).body(body.to_owned());
        request.send().await.unwrap().status()
    };
    assert_eq!(mark(r#"{"Read": true}"#).await, StatusCode::OK);
    assert_eq!(unread().await, 0);
    let latest: Value = fixture.get("/api/v1/messages?limit=1").await.json().await.unwrap();
    let id = &latest["messages"][0]["ID"];
    assert_eq!(mark(&json!({ "IDs": [id], "Read": false }).to_string()).await, StatusCode::OK);
    assert_eq!(unread().await, 1);
    assert_eq!(mark("rubbish").await, StatusCode::BAD_REQUEST);

    let search = |query: &str| fixture.http.delete(fixture.url(&format!("/api/v1/search?query={query}")));
    assert_eq!(search("to:bob").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(search("").send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let left: Value = fixture.get("/api/v1/messages").await.json().await.unwrap();
    assert_eq!((&left["total"], &left["messages"][0]["To"][0]["Name"]), (&json!(1), &json!("Ada Lövelace")));
}
