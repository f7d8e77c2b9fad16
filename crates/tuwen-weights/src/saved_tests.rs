//! Files of torch.save, sound, damaged and malicious; tests/golden/make_weights.py made the whole ones.

use std::path::{Path, PathBuf};

use super::*;
use crate::write_weights;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name)
}

fn reason(path: &Path) -> String {
    open_weights(path).unwrap_err().to_string()
}

#[test]
fn archive_and_stream_hold_what_torch_saved() {
    let expected = open_weights(&golden("weights_mixed.safetensors")).unwrap().weights;
    assert_eq!(expected.len(), 9);
    let archive = open_weights(&golden("weights_mixed.pth")).unwrap();
    let stream = open_weights(&golden("weights_mixed_stream.pth")).unwrap();
    assert_eq!((archive.wrapped.as_deref(), stream.wrapped.as_deref()), (None, Some("state_dict")));
    assert_eq!(stream.beside, ["epoch"]);
    for saved in [archive, stream] {
        assert_eq!(saved.weights, expected);
        assert_eq!(saved.integers["count"].values, [3, -4]);
        assert_eq!(saved.integers["flag"].values, [1, 0]);
        assert!(!saved.is_half_trained());
    }
}

#[test]
fn an_optimizer_beside_the_weights_is_seen_and_left_there() {
    let saved = open_weights(&golden("weights_albef.pth")).unwrap();
    assert_eq!(saved.wrapped.as_deref(), Some("model"));
    assert!(saved.is_half_trained());
    assert_eq!(saved.beside, ["epoch", "lr_scheduler", "optimizer"]);
    assert_eq!(saved.integers["queue_ptr"].values, [2]);
}

#[test]
fn a_file_that_would_execute_code_is_refused_by_the_name_of_the_call() {
    for name in ["weights_malicious.pth", "weights_malicious_stream.pth"] {
        let told = reason(&golden(name));
        assert!(told.contains("`posix.system`") && told.contains("nothing was executed"), "{told}");
        assert!(told.contains(name), "{told}");
    }
    assert!(!Path::new("tuwen-was-here").exists());
}

/// A pickle that calls `os.system("ls")` in the newer instructions, and drops the result.
#[test]
fn a_hidden_call_is_refused_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bin");
    std::fs::write(&path, b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R0}.").unwrap();
    assert!(reason(&path).contains("`os.system`"), "{}", reason(&path));
    std::fs::write(&path, b"\x80\x02(ios\nsystem\n.").unwrap();
    assert!(reason(&path).contains("`os.system`"), "{}", reason(&path));
}

#[test]
fn every_shorter_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.pth");
    for name in ["weights_mixed.pth", "weights_mixed_stream.pth", "weights_mixed.safetensors"] {
        let bytes = std::fs::read(golden(name)).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(open_weights(&path).is_err(), "{name}: {length} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn a_changed_byte_is_an_error_or_changes_numbers_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.pth");
    for name in ["weights_mixed.pth", "weights_mixed_stream.pth"] {
        let bytes = std::fs::read(golden(name)).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = [bytes[at] ^ 1, 0xff, 0x80][at % 3];
            std::fs::write(&path, &changed).unwrap();
            let _ = open_weights(&path);
        }
    }
}

#[test]
fn a_changed_weight_of_an_archive_is_told_by_its_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.pth");
    let mut bytes = std::fs::read(golden("weights_mixed.pth")).unwrap();
    let numbers = open_weights(&golden("weights_mixed.pth")).unwrap().weights["single"].values[0].to_le_bytes();
    let at = bytes.windows(4).position(|window| window == numbers).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(reason(&path).contains("was changed after it was written"), "{}", reason(&path));
}

/// A stream whose one tensor `w` has a storage of `count` numbers, this shape, and `there` bytes behind it.
fn stream(count: i32, shape: i32, there: usize) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec();
    let system = b"\x80\x02M\xe9\x03.\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.".to_vec();
    let mut tensor = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    tensor.extend(b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ");
    tensor.extend(count.to_le_bytes());
    tensor.extend(b"tQK\x00J");
    tensor.extend(shape.to_le_bytes());
    tensor.extend(b"\x85K\x01\x85\x89NtRs.");
    let keys = b"\x80\x02]X\x01\x00\x00\x000a.".to_vec();
    let numbers = [i64::from(count).to_le_bytes().to_vec(), vec![0; there]].concat();
    [magic, system, tensor, keys, numbers].concat()
}

#[test]
fn sizes_are_compared_before_room_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sizes.pth");
    let told = |bytes: Vec<u8>| {
        std::fs::write(&path, bytes).unwrap();
        open_weights(&path).map(|saved| saved.weights["w"].values.clone()).map_err(|error| error.to_string())
    };
    assert_eq!(told(stream(2, 2, 8)), Ok(vec![0.0, 0.0]));
    assert!(told(stream(2, i32::MAX, 8)).unwrap_err().contains("asks for more numbers than the 2 of its storage"));
    assert!(told(stream(2, -1, 8)).unwrap_err().contains("no number from 0 on"));
    assert!(told(stream(2, 2, 7)).unwrap_err().contains("storage `0` ends early"));
    assert!(told(stream(i32::MAX, i32::MAX, 8)).unwrap_err().contains("expected at most"));
}

#[test]
fn a_number_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.safetensors");
    let tensor = crate::HostTensor { shape: vec![2], values: vec![1.0, f32::NAN] };
    write_weights(&path, &Weights::from([("head.bias".to_string(), tensor)]), Default::default()).unwrap();
    assert!(
        reason(&path).ends_with("tensor `head.bias` has NaN at place 1, expected finite numbers"),
        "{}",
        reason(&path)
    );
}

#[test]
fn other_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "weights are elsewhere").unwrap();
    assert!(reason(&path).ends_with("neither safetensors nor a file of `torch.save`"), "{}", reason(&path));
    std::fs::write(&path, b"\x80\x02}X\x01\x00\x00\x00aK\x01s.").unwrap();
    assert!(reason(&path).contains("a pickle without tensors"), "{}", reason(&path));
    std::fs::write(&path, b"PK\x03\x04").unwrap();
    assert!(reason(&path).contains("it was cut off"), "{}", reason(&path));
    assert!(reason(folder.path().join("none").as_path()).contains("none: "));
}

#[test]
fn the_name_of_parallel_training_is_taken_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parallel.safetensors");
    let tensor = crate::HostTensor { shape: vec![1], values: vec![1.0] };
    write_weights(&path, &Weights::from([("module.bias".to_string(), tensor)]), Default::default()).unwrap();
    assert_eq!(open_weights(&path).unwrap().weights.keys().collect::<Vec<_>>(), ["bias"]);
}
