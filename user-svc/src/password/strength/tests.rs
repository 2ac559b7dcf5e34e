use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const ANNA: Owner<'_> =
    Owner { email: "anna.hohenstein@riverside-gym.example", display_name: "Анна Hohenstein" };

#[test]
fn what_guessers_try_first_is_refused_with_the_reason() {
    for (password, reason) in [
        ("1234567890", "among the most common"),
        ("qwertyuiop", "among the most common"),
        ("          ", "repeats itself"),
        ("\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}", "repeats itself"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats itself"),
        ("letmeinletmein", "repeats itself"),
        ("abcdefghij", "a sequence"),
        ("Passw0rd12", "close to a common one"),
        ("iloveyou12", "close to a common one"),
        ("PASSWORD123!", "close to a common one"),
        ("qazwsxedcrfv", "among the most common"),
        ("12.03.1990a", "a date"),
        // In other widths and on the other layout.
        (
            "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}\u{ff18}\u{ff19}\u{ff10}",
            "among the most common",
        ),
        ("йцукенгшщз", "among the most common"),
        ("пароль1234", "close to a common one"),
    ] {
        let weakness = judge(password, ANNA).expect_err(password).to_string();
        assert!(weakness.contains(reason), "{password:?} {weakness}");
    }
}

#[test]
fn what_people_choose_well_is_taken() {
    for password in [
        "correct horse battery",
        "brown paper lantern 7",
        "kJ8#mQ2!xz",
        "gr\u{fc}n-und-blau",
        "синяя лампа под дождём",
        "密码不容易猜到的十个字",
        "anna likes purple lanterns",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ] {
        assert_eq!(judge(password, ANNA), Ok(()), "{password:?}");
    }
}

#[test]
fn own_data_is_refused_however_it_is_dressed() {
    for password in [
        "anna.hohenstein@riverside-gym.example",
        "annahohenstein",
        "AnnaHohenstein2024",
        "hohenstein-anna",
        "nietsnehoh anna",
        "riverside-gym1",
        "RiversideGym!!",
        "Анна Hohenstein",
        "h0h3nst31n",
        "фтт\u{430}hohenstein",
    ] {
        assert!(judge(password, ANNA).is_err(), "{password:?}");
    }
    assert_eq!(judge("hohensteinriverside", ANNA), Err(Weakness::Own));
}

#[test]
fn a_password_of_any_look_is_judged_in_bounded_time() {
    let leet = "4@8({[<369#!1|0$5+7%2";
    for pattern in
        [leet, "qwertyuiopasdfghjkl;zxcvbnm,./!@#$%^&*()_+", "a1B2@$!|0(<{", "19900101", "\u{1f468}\u{200d}"]
    {
        let password: String = pattern.chars().cycle().take(100_000).collect();
        let start = Instant::now();
        let _ = judge(&password, ANNA);
        // A hundredth of what 128 characters of the worst take; the limit is for a loaded machine.
        assert!(start.elapsed() < Duration::from_secs(20), "{pattern:?} {:?}", start.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn own_data_with_a_little_around_it_is_refused(
        local in "[a-z][a-z0-9]{3,40}", site in "[a-z]{4,30}", name in "[A-Za-zА-Яа-я]{4,40}",
        which in 0..4usize, before in "[0-9!]{0,2}", after in "[0-9!.]{0,3}", upper: bool,
    ) {
        let email = format!("{local}@{site}.example");
        let own = [&local, &site, &name, &email][which];
        let own = if upper { own.to_uppercase() } else { own.clone() };
        let owner = Owner { email: &email, display_name: &name };
        let password = format!("{before}{own}{after}");
        prop_assert!(judge(&password, owner).is_err());
    }

    #[test]
    fn no_text_at_all_makes_it_fail(password: String, email: String, display_name: String) {
        let _ = judge(&password, Owner { email: &email, display_name: &display_name });
    }

    #[test]
    fn random_letters_are_taken(password in "[a-zA-Z0-9]{14,128}") {
        prop_assert_eq!(judge(&password, ANNA), Ok(()));
    }
}
