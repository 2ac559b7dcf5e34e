//! One dialect of SQL: keywords in capitals, and of two spellings always the same.

use crate::tree;

/// Words that are keywords wherever they stand in our statements and are no names.
const KEYWORDS: &str = "select insert into update delete from where and or not is conflict nothing values returning \
    order by group having limit join left inner outer cross lateral using with union distinct case when then else end \
    exists between like ilike skip asc desc null create index unique primary references constraint alter add column \
    drop cascade set as in on do";

/// What is written otherwise here, and how.
const SPELLINGS: [(&str, &str); 4] =
    [("!=", "<>"), ("CAST(", "::"), ("CURRENT_TIMESTAMP", "now()"), ("NOW()", "now()")];

#[test]
fn statements_are_written_in_one_dialect() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in tree::code(".rs") {
        let Some(code) = tree::production(&file) else { continue };
        for statement in statements(code) {
            count += 1;
            wrong.extend(faults(statement).map(|fault| format!("{}: {fault}", file.path)));
        }
    }
    for file in tree::code(".sql") {
        count += 1;
        wrong.extend(faults(&file.text).map(|fault| format!("{}: {fault}", file.path)));
    }
    assert!(count > 200, "only {count} statements were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_statement_of_another_dialect_is_noticed() {
    let good = r#"SELECT id AS "from!", 'or' FROM users -- and a word
        WHERE name <> $1 AND old.set_id = 'x'"#;
    assert_eq!(faults(good).count(), 0);
    for bad in ["SELECT id from users", "SELECT id FROM users WHERE a != 1", "SELECT CAST(a AS TEXT) FROM b"]
    {
        assert_eq!(faults(bad).count(), 1, "{bad}");
    }
    let code = "sqlx::query!(\n    r#\"SELECT 1 FROM a\"#,\n    x)\nquery_as!(Row, \"SELECT 2 FROM b\")\nformat!(\"SELECT\")";
    assert_eq!(statements(code).collect::<Vec<_>>(), ["SELECT 1 FROM a", "SELECT 2 FROM b"]);
}

/// The texts in the calls of sqlx's macros and functions.
fn statements(code: &str) -> impl Iterator<Item = &str> {
    code.split("query").skip(1).filter_map(|rest| {
        let name = rest.find(['(', '!', '\n', ' '])?;
        if !matches!(&rest[..name], "" | "_as" | "_scalar" | "_unchecked") {
            return None;
        }
        let arguments = rest[name..].trim_start_matches('!').strip_prefix('(')?;
        let start = arguments.find('"')?;
        // What stands before the text is the name of a row's type.
        if start > 120 || arguments[..start].contains([';', '{']) {
            return None;
        }
        let raw = arguments[..start].ends_with("r#");
        let text = &arguments[start + 1..];
        text.find(if raw { "\"#" } else { "\"" }).map(|end| &text[..end])
    })
}

fn faults(statement: &str) -> impl Iterator<Item = String> {
    let plain = without_names_and_texts(statement);
    let words = plain.split(|letter: char| !(letter.is_alphanumeric() || "_.$:(".contains(letter)));
    let lower = words.filter(|word| KEYWORDS.split_whitespace().any(|keyword| keyword == *word));
    let mut found: Vec<_> =
        lower.map(|word| format!("`{word}` is a keyword: {}", word.to_uppercase())).collect();
    let others = SPELLINGS.iter().filter(|(other, _)| plain.contains(other));
    found.extend(others.map(|(other, ours)| format!("`{other}` is written `{ours}` here")));
    found.into_iter()
}

/// The statement without comments, quoted names and texts.
fn without_names_and_texts(statement: &str) -> String {
    let mut plain = String::new();
    for line in statement.lines() {
        let line = line.split("--").next().unwrap_or_default().replace("\\\"", "\"");
        for (at, part) in line.split(['\'', '"']).enumerate() {
            if at % 2 == 0 {
                plain.push_str(part);
            }
            plain.push(' ');
        }
        plain.push('\n');
    }
    plain
}
