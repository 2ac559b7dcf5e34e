//! The arguments of MAIL FROM and RCPT TO (RFC 5321, section 4.1.1).

/// An address between angle brackets, and what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathAndParameters<'a> {
    pub(super) address: String,
    pub(super) parameters: Vec<(&'a str, Option<&'a str>)>,
}

/// Reads `FROM:<address> NAME=value …` or its `TO:` counterpart. `None` if it is not that.
pub(super) fn parse<'a>(argument: &'a str, keyword: &str) -> Option<PathAndParameters<'a>> {
    let start = argument.get(..keyword.len())?;
    if !start.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let rest = argument[keyword.len()..].trim_start_matches(' ').strip_prefix('<')?;
    let end = closing_bracket(rest)?;
    let (path, rest) = (&rest[..end], &rest[end + 1..]);
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let parameters = rest
        .split_ascii_whitespace()
        .map(|parameter| match parameter.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (parameter, None),
        })
        .collect();
    Some(PathAndParameters { address: without_route(path).to_owned(), parameters })
}

/// The end of the path: a quoted local part may itself contain `>`.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(index),
            '<' | ' ' if !quoted => return None,
            _ => {}
        }
    }
    None
}

/// Drops the obsolete source route of `@one,@two:name@host`.
fn without_route(path: &str) -> &str {
    match path.split_once(':') {
        Some((route, address)) if route.starts_with('@') => address,
        _ => path,
    }
}

/// Whether a recipient looks like `name@host`, or is the one address that needs no host.
pub(super) fn is_mailbox(address: &str) -> bool {
    match address.rsplit_once('@') {
        Some((local, host)) => !local.is_empty() && !host.is_empty(),
        None => address.eq_ignore_ascii_case("postmaster"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(argument: &str) -> Option<String> {
        parse(argument, "FROM:").map(|path| path.address)
    }

    #[test]
    fn the_address_stands_between_angle_brackets() {
        assert_eq!(address("FROM:<ada@example.org>").as_deref(), Some("ada@example.org"));
        assert_eq!(address("from: <ada@example.org> SIZE=5").as_deref(), Some("ada@example.org"));
        assert_eq!(address("FROM:<>").as_deref(), Some(""));
        assert_eq!(address("FROM:<\"a>b c\"@example.org>").as_deref(), Some("\"a>b c\"@example.org"));
        assert_eq!(address("FROM:<@relay,@other:ada@example.org>").as_deref(), Some("ada@example.org"));
    }

    #[test]
    fn anything_else_is_refused() {
        for argument in
            ["", "FROM", "TO:<a@b>", "FROM:a@b", "FROM:<a@b", "FROM:<a@b>x", "FROM:<a b@c>", "FROM:<<a@b>>"]
        {
            assert_eq!(address(argument), None, "{argument}");
        }
    }

    #[test]
    fn parameters_are_names_with_or_without_a_value() {
        let path = parse("FROM:<a@b> SIZE=12 SMTPUTF8 BODY=8BITMIME", "FROM:").unwrap();
        assert_eq!(path.parameters, [("SIZE", Some("12")), ("SMTPUTF8", None), ("BODY", Some("8BITMIME"))]);
    }
}
