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

/// Whether two devices can be one: the same browser on the same kind of machine. A telephone's or tablet's browser that is
/// asked for the desktop site, or asks for it by itself when it is unfolded, gives the name of a desktop's system.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let kind = |device: &str| {
        let (browser, system) = device.split_once(' ').unwrap_or((device, ""));
        let system = match system {
            "iphone" | "ipad" | "mac" => "apple",
            "android" | "linux" => "linux",
            other => other,
        };
        (browser.to_owned(), system.to_owned())
    };
    kind(one) == kind(other)
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

    #[test]
    fn the_desktop_site_of_a_browser_is_the_same_browser() {
        const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
        const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
        const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";
        const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36";
        const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        const SAMSUNG: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36";
        const UNFOLDED: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Safari/537.36";
        const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        for (one, other, same) in [
            (IPHONE, MAC, true),
            (IPAD, MAC, true),
            (ANDROID, LINUX, true),
            (SAMSUNG, UNFOLDED, true),
            (LINUX, LINUX, true),
            (ANDROID, IPHONE, false),
            (SAMSUNG, ANDROID, false),
            (LINUX, WINDOWS, false),
            (MAC, WINDOWS, false),
            (MAC, "curl/8.5", false),
            (LINUX, "", false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(is_same(&of(one), &of(other)), same, "{one} / {other}");
            }
        }
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
