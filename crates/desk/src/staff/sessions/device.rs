//! What a browser says of itself, as little as tells one's own devices apart.

/// Longest header that is read.
const MAX: usize = 512;

/// `browser` and `system` as codes; `other` for what is not known. Their order counts: every browser names those that it
/// wants to be taken for.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser", "samsung"),
    ("Firefox/", "firefox"),
    ("Chrom", "chrome"),
    ("Safari/", "safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Android", "android"),
    ("Windows", "windows"),
    ("CrOS", "chromeos"),
    ("Macintosh", "mac"),
    ("Linux", "linux"),
];

/// `browser system` of a `User-Agent`, in codes that stand in [`codes`].
pub(crate) fn of(user_agent: &str) -> String {
    let found = |list: &[(&str, &'static str)]| {
        let named = |(mark, _): &&(&str, &'static str)| {
            user_agent.len() <= MAX && user_agent.contains(mark)
        };
        list.iter().find(named).map_or("other", |(_, code)| code)
    };
    format!("{} {}", found(&BROWSERS), found(&SYSTEMS))
}

/// Every code there is; each has words.
pub fn codes() -> impl Iterator<Item = &'static str> {
    let known = BROWSERS.iter().chain(&SYSTEMS).map(|(_, code)| *code);
    known.chain(["other"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn devices_are_told_apart() {
        for (header, device) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "firefox linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "edge windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
                "safari iphone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
                "chrome android",
            ),
            ("curl/8.5", "other other"),
            ("", "other other"),
        ] {
            assert_eq!(of(header), device);
        }
        assert_eq!(of(&"Firefox/ Windows".repeat(100)), "other other");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_two_known_codes_are_kept(header in any::<String>()) {
            let device = of(&header);
            let known: Vec<_> = codes().collect();
            prop_assert_eq!(device.split(' ').count(), 2);
            prop_assert!(device.split(' ').all(|code| known.contains(&code)));
        }
    }
}
