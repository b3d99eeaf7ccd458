use proptest::prelude::*;

use super::super::Password;
use super::*;

fn refused_for(password: &str, email: &str, names: &[&str]) -> Option<&'static str> {
    let email = Email::parse(email).expect("valid");
    let names: Vec<_> = names
        .iter()
        .map(|name| Name::parse(name).expect("valid"))
        .collect();
    check(password, Some(&email), &names)
        .err()
        .map(|error| error.code)
}

fn refused(password: &str) -> Option<&'static str> {
    refused_for(password, "Ada.Lovelace@example.com", &["Augusta"])
}

#[test]
fn common_passwords_are_refused_in_any_case() {
    for common in [
        "password",
        "PassWord1",
        "12345678",
        "qwertyuiop",
        "1q2w3e4r5t",
        "iloveyou!",
        "correcthorsebatterystaple",
    ] {
        assert_eq!(refused(common), Some("too_common"), "{common}");
    }
}

#[test]
fn the_list_has_ten_thousand_passwords_that_are_long_enough_sorted_in_lower_case() {
    let all: Vec<_> = COMMON.lines().collect();
    assert!(all.len() >= 10_000, "{}", all.len());
    assert!(all.is_sorted_by(|before, after| before < after));
    for common in all {
        assert!(Password::parse_new(common).is_ok(), "{common}");
        assert!(
            common.bytes().all(|byte| byte.is_ascii_graphic()),
            "{common}"
        );
        assert_eq!(common, common.to_ascii_lowercase());
    }
}

#[test]
fn each_password_of_the_list_is_found_and_its_neighbours_are_not() {
    let all: Vec<_> = COMMON.lines().collect();
    let listed = |text: &str| all.binary_search(&text).is_ok();
    for common in &all {
        assert!(is_common(common), "{common}");
        assert!(check(common, None, []).is_err(), "{common}");
        let (cut, longer) = (&common[..common.len() - 1], format!("{common}~"));
        let joined = format!("{common}\n");
        for near in [cut, &longer, &joined] {
            assert_eq!(is_common(near), listed(near), "{near:?}");
        }
    }
    let two_lines = all[..2].join("\n");
    for absent in ["", "\n", "~", "\u{10ffff}", "!", "ä", two_lines.as_str()] {
        assert!(!is_common(absent), "{absent:?}");
    }
}

#[test]
fn repetitions_are_no_better_than_what_they_repeat() {
    for repeated in [
        "aaaaaaaa",
        "abcabcabcabc",
        "x7#x7#x7#x",
        "äöäöäöäö",
        "Kq9!zP2Kq9!zP2",
        "password1Password1",
    ] {
        assert_eq!(refused(repeated), Some("too_common"), "{repeated}");
    }
    for fine in ["x7Kq!2px", "Kq9!zP2wKq9!zP2w", "äöüßäöü?"] {
        assert_eq!(refused(fine), None, "{fine}");
    }
    assert_eq!(repeated_unit("äöäöä"), "äö");
    assert_eq!(repeated_unit("abcab"), "abcab");
    assert_eq!(repeated_unit(""), "");
}

#[test]
fn counting_up_and_down_is_refused() {
    for counted in [
        "abcdefgh",
        "STUVWXYZ",
        "zyxwvuts",
        "87654321",
        "45678901234",
        "21098765432",
        "αβγδεζηθ",
    ] {
        assert_eq!(refused(counted), Some("too_common"), "{counted}");
    }
    for fine in ["abcdefghz", "acegikmo", "9bcdefgh"] {
        assert_eq!(refused(fine), None, "{fine}");
    }
}

#[test]
fn the_own_address_and_name_are_refused() {
    for own in [
        "ada.lovelace@example.com",
        "Ada.Lovelace",
        "adalovelace",
        "ada.lovelace1",
        "lovelace1815!",
        "1815-Lovelace",
        "ADA_LOVELACE",
        "adalovelaceadalovelace",
        "Lovelace@Example",
        "example.com",
        "Example2026",
        "augusta1",
        "Augusta!",
        "augusta.lovelace",
        "atsugua1",
        "ecalevol.ada",
        "moc.elpmaxe@ecalevol.ada",
        "augustaatsugua",
        "Latchkey",
        "latchkey2026",
    ] {
        assert_eq!(refused(own), Some("too_similar"), "{own}");
    }
}

#[test]
fn names_are_compared_without_accents_and_in_parts() {
    let refused = |password: &str| {
        refused_for(
            password,
            "jm+shop@mail.bücher.example",
            &["José María", "Nuñez-Ø"],
        )
    };
    for own in [
        "Jose2026",
        "JOSÉ_99!",
        "josemaria",
        "maria.nunez",
        "Nun\u{303}ez123",
        "Bücher99",
        "zenun2026",
        "jm+shop@mail",
    ] {
        assert_eq!(refused(own), Some("too_similar"), "{own}");
    }
    assert_eq!(
        refused_for("annlee42", "x@y.example", &["Ann", "Lee"]),
        Some("too_similar")
    );
    assert_eq!(
        refused_for("annlee42", "x@y.example", &["Ann"]),
        None,
        "three letters are part of many words"
    );
}

#[test]
fn everything_else_is_accepted() {
    for fine in [
        "correct horse battery staple",
        "augusta likes analytical engines",
        "my name is ada lovelace, from example.com",
        "Zx9$kkQ1",
        "lovely laces",
        "pässwört",
    ] {
        assert_eq!(refused(fine), None, "{fine}");
    }
    let king = |password| refused_for(password, "a.king@example.com", &["Rose", "King"]);
    assert_eq!(king("walking7Zq"), None, "a short name within a word");
    assert_eq!(king("king7Zq!"), Some("too_similar"));
    let long = format!("{}z", "a".repeat(1023));
    assert_eq!(refused(&long), None);
}

proptest! {
    #[test]
    fn no_long_passphrase_is_similar(
        passphrase in "[a-z]{4,9}( [a-z]{4,9}){3,8}",
        local in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}",
        names in prop::collection::vec("\\p{L}{1,12}( \\p{L}{1,12})?", 0..3),
    ) {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        prop_assert_eq!(refused_for(&passphrase, &format!("{local}@example.com"), &names), None);
    }

    #[test]
    fn a_passphrase_may_mention_a_name_as_often_as_it_likes(
        name in "[a-m]{4,12}",
        words in prop::collection::vec("[n-z]{4,8}", 2..8),
        mentions in prop::collection::vec(any::<prop::sample::Index>(), 1..5),
    ) {
        let mut words = words;
        for mention in mentions {
            words.insert(mention.index(words.len() + 1), name.clone());
        }
        let address = format!("{name}@example.com");
        prop_assert_eq!(refused_for(&words.join(" "), &address, &[&name]), None);
    }

    #[test]
    fn an_own_text_with_a_few_characters_around_it_is_refused(
        name in "[a-m]{8,12}",
        before in "[0-9!?]{0,3}",
        after in "[0-9!?]{0,4}",
    ) {
        let (address, domain) = (format!("{name}@y.example"), format!("x@{name}.example"));
        for own in [name.clone(), name.to_uppercase(), name.chars().rev().collect()] {
            let password = format!("{before}{own}{after}");
            prop_assert!(refused_for(&password, "x@y.example", &[&name]).is_some(), "{}", password);
            prop_assert!(refused_for(&password, &address, &[]).is_some(), "{}", password);
            prop_assert!(refused_for(&password, &domain, &[]).is_some(), "{}", password);
        }
    }

    #[test]
    fn no_password_and_no_name_panics(password in "\\PC{0,40}", names in prop::collection::vec("\\PC{1,20}", 0..3)) {
        let names: Vec<_> = names.iter().filter_map(|name| Name::parse(name).ok()).collect();
        let email = Email::parse("a@bücher.example").expect("valid");
        let _ = check(&password, Some(&email), &names);
    }
}
