#![no_main]
use vantay::template::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vantay_fuzz::codecs::check(Format::Iso19794V2005, bytes));
