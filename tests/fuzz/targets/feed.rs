#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vantay_fuzz::feed::check(bytes));
