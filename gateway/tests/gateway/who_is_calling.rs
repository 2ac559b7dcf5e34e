//! What the services learn of a client, and that the client has no say in it.

use crate::stage::Stage;

const RPC: &str = "/fitness.user.v1.UserService/GetMe";

/// What user-svc was told of the last caller: browser and address.
fn told(stage: &Stage) -> (Option<String>, Option<String>) {
    let call = stage.user_svc.script.last_call(RPC).unwrap();
    let all = |name: &str| {
        let values: Vec<_> = call.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        (!values.is_empty()).then(|| values.join(" + "))
    };
    (all("x-client-user-agent"), all("x-client-address"))
}

#[tokio::test]
async fn services_learn_browser_and_address_whatever_the_client_writes() {
    let stage = Stage::start().await;
    let request = stage.get("/v1/users/me").header("user-agent", "Mozilla/5.0 (X11; Linux)");
    let request = request
        .header("x-client-user-agent", "forged")
        .header("x-client-address", "203.0.113.1")
        .header("grpc-metadata-x-client-user-agent", "forged")
        .header("grpc-metadata-x-client-address", "203.0.113.2")
        .header("x-forwarded-for", "203.0.113.3");
    assert_eq!(request.send().await.unwrap().status(), 200);
    let expected = (Some("Mozilla/5.0 (X11; Linux)".to_owned()), Some("127.0.0.1".to_owned()));
    assert_eq!(told(&stage), expected);

    assert_eq!(stage.get("/v1/users/me").send().await.unwrap().status(), 200);
    assert_eq!(told(&stage), (None, Some("127.0.0.1".to_owned())));
    stage.stop().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_the_one_that_the_proxy_saw() {
    let stage = Stage::start_with(|config| config.trusted_proxies = "127.0.0.0/8".parse().unwrap()).await;
    let request = stage.get("/v1/users/me").header("x-forwarded-for", "203.0.113.3, 198.51.100.7");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(told(&stage).1.as_deref(), Some("198.51.100.7"));
    stage.stop().await;
}
