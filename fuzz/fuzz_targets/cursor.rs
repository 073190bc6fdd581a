//! Any text as a cursor: only what was issued for a list opens a page of it.
#![no_main]

use bedside_web::cursor::{decode, encode};

type Position = (i64, i64, String);

/// A keyed tag as good as any that the fuzzer can't compute: every byte changes all of it.
fn mac(message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (lane, chunk) in (1_u64..).zip(out.chunks_mut(8)) {
        let mut state = lane.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in message {
            state = (state ^ u64::from(*byte)).wrapping_mul(0xff51_afd7_ed55_8ccd);
            state ^= state >> 29;
        }
        chunk.copy_from_slice(&state.to_le_bytes());
    }
    out
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    for list in ["tickets", "patients"] {
        if let Ok(position) = decode::<Position>(list, text, &mac) {
            assert_eq!(encode(list, &position, &mac), text);
        }
    }
    let own = encode("tickets", &(1, 2, "x"), &mac);
    assert!(decode::<Position>("patients", &own, &mac).is_err());
    // A made-up end, beginning or middle.
    let cut = text.len().min(own.len());
    if own.is_char_boundary(cut) && text.is_char_boundary(cut) {
        let made_up = format!("{}{}", &own[..cut], &text[cut.min(text.len())..]);
        assert!(made_up == own || decode::<Position>("tickets", &made_up, &mac).is_err());
    }
});
