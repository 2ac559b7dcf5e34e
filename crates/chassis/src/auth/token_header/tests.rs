use ed25519_dalek::{Signer as _, SigningKey};
use jsonwebtoken::jwk::JwkSet;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::auth::{AUDIENCE, Verifier};
use crate::errors::ErrorCode;

const ISSUER: &str = "https://id.example";

/// A token that is signed well, whatever its header says.
fn token(header: &str) -> String {
    let now = chrono::Utc::now().timestamp();
    let id = "00000000-0000-7000-8000-000000000001";
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": id, "sid": id, "jti": id, "roles": [],
        "iat": now, "nbf": now, "exp": now + 600,
    });
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(header), part(&claims.to_string()));
    let signature = key().sign(signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn verifier() -> Verifier {
    let x = BASE64_URL_SAFE_NO_PAD.encode(key().verifying_key().as_bytes());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig", "alg": "EdDSA", "x": x});
    let keys: JwkSet = serde_json::from_value(json!({ "keys": [jwk] })).unwrap();
    Verifier::new(&keys, ISSUER).unwrap()
}

fn with(members: &Value) -> String {
    let mut header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "one"});
    for (name, value) in members.as_object().unwrap() {
        header[name] = value.clone();
    }
    header.to_string()
}

#[tokio::test]
async fn a_token_whose_header_is_ours_is_accepted() {
    for header in [
        with(&json!({})),
        with(&json!({"typ": "jwt"})),
        with(&json!({"typ": "application/JWT"})),
        with(&json!({"something": "that changes nothing"})),
    ] {
        verifier().verify(&token(&header)).await.unwrap_or_else(|code| panic!("{header}: {code:?}"));
    }
}

#[tokio::test]
async fn a_token_of_another_kind_or_with_an_extension_is_refused_however_well_it_is_signed() {
    for header in [
        with(&json!({"typ": "at+jwt"})),
        with(&json!({"typ": "logout+jwt"})),
        with(&json!({"typ": "dpop+jwt"})),
        with(&json!({"typ": "application/secevent+jwt"})),
        with(&json!({"typ": "JOSE"})),
        with(&json!({"typ": ""})),
        with(&json!({"typ": null})),
        with(&json!({"typ": 1})),
        json!({"alg": "EdDSA", "kid": "one"}).to_string(),
        json!({"alg": "EdDSA", "typ": "JWT"}).to_string(),
        with(&json!({"crit": ["exp"]})),
        with(&json!({"crit": []})),
        with(&json!({"crit": null})),
        with(&json!({"crit": ["b64"], "b64": false})),
        with(&json!({"b64": false})),
        with(&json!({"b64": true})),
        with(&json!({"enc": "A128GCM"})),
        with(&json!({"zip": "DEF"})),
        with(&json!({"alg": "none"})),
        with(&json!({"alg": "HS256"})),
        with(&json!({"alg": "ES256"})),
        r#"{"alg":"EdDSA","typ":"JWT","kid":"one","kid":"one"}"#.to_owned(),
        r#"{"alg":"EdDSA","typ":"JWT","typ":"logout+jwt","kid":"one"}"#.to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        String::new(),
    ] {
        assert_eq!(
            verifier().verify(&token(&header)).await.unwrap_err(),
            ErrorCode::TokenInvalid,
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_token_of_any_length_is_refused_and_none_is_an_error_of_ours() {
    for length in [4_096, 16 * 1024, 64 * 1024, 1024 * 1024] {
        for text in
            [token(&with(&json!({"padding": "x".repeat(length)}))), "x".repeat(length), ".".repeat(length)]
        {
            assert_eq!(
                verifier().verify(&text).await.unwrap_err(),
                ErrorCode::TokenInvalid,
                "{length} bytes"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reading_fail_otherwise_than_by_a_refusal(text in "\\PC{0,200}", header in any::<Vec<u8>>()) {
        prop_assert_eq!(key_id(&text), None);
        prop_assert_eq!(key_id(&format!("{}.a.b", BASE64_URL_SAFE_NO_PAD.encode(header))), None);
    }
}
