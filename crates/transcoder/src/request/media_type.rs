//! Which content types are JSON.

/// Whether a content type is `application/json` or of the `+json` family, parameters aside.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some("json") => true,
        Some(subtype) => subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_json;
    use rstest::rstest;

    #[rstest]
    #[case("application/json", true)]
    #[case("Application/JSON; charset=UTF-8", true)]
    #[case("application/json;charset=utf-8", true)]
    #[case("application/merge-patch+json", true)]
    #[case("application/+json", false)]
    #[case("application/jsonx", false)]
    #[case("text/json", false)]
    #[case("text/plain", false)]
    #[case("application/x-www-form-urlencoded", false)]
    #[case("", false)]
    fn json_is_told_from_other_types(#[case] content_type: &str, #[case] expected: bool) {
        assert_eq!(is_json(content_type), expected);
    }
}
