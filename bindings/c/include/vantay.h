// vantay.h: biometric matching, fingerprint minutiae and face embeddings, over memory-mapped galleries.
//
// What holds for every call:
//
// - A call that can fail returns a vantay_result_t: VANTAY_OK, which is 0, or one of the numbers below, which are fixed for
//   good. vantay_result_message has it in words, vantay_last_detail has the place: file, record, field, byte offset.
// - Results are written through pointers, and only by calls that return VANTAY_OK, unless their comment says otherwise.
// - A handle comes from a call that writes it, and goes back to the call whose name ends in _free, once.
// - NULL, a pointer that is not aligned, a length that no memory has and a text that is not UTF-8 are answered with a number.
//   Any other pointer has to be good for what it points to. Nothing that is handed over is kept after the call.
// - Texts are UTF-8 and end in zero. Templates are never part of a message.
// - A call says whether several threads may make it at once. Searches share the threads of the library among them.
// - No panic of the library crosses into C: it is VANTAY_ERROR_PANIC. Nor may what the library calls leave otherwise than by
//   returning: no C++ exception, no longjmp. Progress is told on threads of the library.


#ifndef VANTAY_H
#define VANTAY_H

// Generated from the Rust sources by cbindgen: `VANTAY_REGENERATE=1 cargo test -p vantay-c --test header` writes it anew.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The version that this header is of; vantay_version tells that of the library at hand.
#define VANTAY_VERSION "0.1.0"

// So that structures of options and registrations can start as all zero: vantay_registration_t probe = VANTAY_ZERO;
#ifdef __cplusplus
#define VANTAY_ZERO {}
#else
#define VANTAY_ZERO {0}
#endif


// Done.
#define VANTAY_OK 0

// A pointer that must not be NULL is.
#define VANTAY_ERROR_NULL 1

// A pointer is not aligned for what it points to.
#define VANTAY_ERROR_ALIGNMENT 2

// A length is beyond what memory can hold.
#define VANTAY_ERROR_LENGTH 3

// A text is not UTF-8.
#define VANTAY_ERROR_TEXT 4

// A number or an option is out of range.
#define VANTAY_ERROR_ARGUMENT 5

// The library failed in a way that it should not; the detail says where. The handle may be used on.
#define VANTAY_ERROR_PANIC 6

// The caller's function asked to stop.
#define VANTAY_ERROR_STOPPED 7

// There is no such entry.
#define VANTAY_ERROR_NOT_FOUND 8

// The threads are at work already; their number has to be set before the first search.
#define VANTAY_ERROR_THREADS 9

// The buffer is too short; the call says how long it has to be.
#define VANTAY_ERROR_BUFFER 10

// The operating system refused an operation.
#define VANTAY_ERROR_IO 20

// There is no gallery at this path.
#define VANTAY_ERROR_NOT_A_GALLERY 21

// The directory for a new gallery holds something already.
#define VANTAY_ERROR_EXISTS 22

// Bytes of a gallery are not what was written.
#define VANTAY_ERROR_DAMAGED 23

// The gallery was written by a later version of the library.
#define VANTAY_ERROR_VERSION 24

// Another writer holds the gallery.
#define VANTAY_ERROR_LOCKED 25

// Others than the owner can read the gallery's files.
#define VANTAY_ERROR_NOT_PRIVATE 26

// An earlier operation of this writer failed; it takes no more.
#define VANTAY_ERROR_WRITER_STOPPED 27

// The gallery is encrypted and the key is missing or another one's, or it is not and a key was given; or these bytes are no key.
#define VANTAY_ERROR_KEY 28

// A template could not be read or used.
#define VANTAY_ERROR_TEMPLATE 40

// A record, or a line of a feed, is not right.
#define VANTAY_ERROR_FEED 41

// The gallery did not take a registration.
#define VANTAY_ERROR_REJECTED 42

// The gallery has a registration of this name.
#define VANTAY_ERROR_REGISTRATION_EXISTS 43

// An embedding is of another model or dimension than the gallery's.
#define VANTAY_ERROR_MODEL 44

// A search could not answer.
#define VANTAY_ERROR_SEARCH 60

// A rate was asked of scores that are not calibrated, or a calibration or policy is not to be had.
#define VANTAY_ERROR_DECISION 61

// `VANTAY_SIMD` names no SIMD level, or one that this machine lacks.
#define VANTAY_ERROR_SIMD_LEVEL 62

// Any other error of the library; the detail says which.
#define VANTAY_ERROR_OTHER 99

// Not the same person.
#define VANTAY_DECISION_NONE 0

// A person has to look.
#define VANTAY_DECISION_REVIEW 1

// The same person.
#define VANTAY_DECISION_MATCH 2

// Whatever a probe has.
#define VANTAY_MODALITY_BOTH 0

// The portrait alone.
#define VANTAY_MODALITY_FACE 1

// The fingers alone.
#define VANTAY_MODALITY_FINGERPRINT 2

// Anybody.
#define VANTAY_SEX_ANY 0

// Female subjects.
#define VANTAY_SEX_FEMALE 1

// Male subjects.
#define VANTAY_SEX_MALE 2

// Two numbers for one person.
#define VANTAY_PAIR_DIFFERENT_ID 0

// A person who registered again under the same number.
#define VANTAY_PAIR_SAME_ID 1

// One person, but a finger of the one registration is a finger of another position in the other.
#define VANTAY_PAIR_SWAPPED_FINGERS 2

// The portraits say one person and the fingers two, or the other way round.
#define VANTAY_PAIR_SWAPPED_PORTRAIT 3

// Two positions of one registration hold the same finger; both sides are that registration.
#define VANTAY_PAIR_SAME_FINGER_TWICE 4

// A claim against one subject.
#define VANTAY_PURPOSE_VERIFY 0

// A candidate of a search.
#define VANTAY_PURPOSE_IDENTIFY 1

// A pair of registrations.
#define VANTAY_PURPOSE_DEDUPLICATE 2

// What relates scores of a face model, or of fingerprints, to error rates. Any number of threads may use it at once.
typedef struct vantay_calibration_t vantay_calibration_t;

// The candidates of a batch of probes. Any number of threads may read it at once.
typedef struct vantay_candidates_t vantay_candidates_t;

// The pairs that a deduplication found, to be walked through by one thread at a time.
typedef struct vantay_duplicates_t vantay_duplicates_t;

// A gallery that is open. Any number of threads may use it at once.
typedef struct vantay_gallery_t vantay_gallery_t;

// Rules by which scores are decided. Any number of threads may use it at once.
typedef struct vantay_policy_t vantay_policy_t;

// A search of one commit of a gallery. Any number of threads may use it at once.
typedef struct vantay_search_t vantay_search_t;

// Something that a long call looks at, and ends within a second of its being set. One may serve many calls.
typedef struct vantay_stop_t vantay_stop_t;

// The one writer of a gallery. One thread at a time may use it; which one does not matter.
typedef struct vantay_writer_t vantay_writer_t;

// What a call came to: `VANTAY_OK`, or why not. The numbers are fixed for good.
typedef int32_t vantay_result_t;

// What a gallery holds at its commit.
typedef struct {
  // Registrations that live.
  uint64_t registrations;
  // Subjects they are of.
  uint64_t subjects;
  // Segments.
  uint64_t segments;
  // Bytes of the segments' files.
  uint64_t bytes;
  // The number of the commit; an empty gallery is commit 0.
  uint64_t commit;
  // Rows of removed subjects that compaction would drop.
  uint64_t removed_rows;
  // Dimensions of face embeddings; 0 if the gallery takes none.
  uint64_t face_dimension;
} vantay_info_t;

// Called with each problem that a check finds: the file, where in it (-1 if that cannot be said), and what was seen. The
// texts are good for the call only.
typedef void (*vantay_problem_fn)(const char *file, int64_t offset, const char *reason, void *context);

// A template record of one finger, or of several as views; or a finger that could not be captured.
typedef struct {
  // The ISO finger position, 0 (unknown: as the record says) to 10.
  uint8_t position;
  // The record, in any of the formats that the library reads.
  const uint8_t *record;
  // Its bytes.
  size_t record_length;
  // Why the finger could not be captured, such as "amputated", 1 to 64 bytes: then `record` is NULL or empty and `position` is 1 to 10.
  // NULL if it was.
  const char *missing;
} vantay_finger_t;

// One enrolment event of a subject, or a probe. All zero is an empty one.
typedef struct {
  // The event's own name, 1 to 64 bytes without control characters, unique in a gallery. May be NULL in probes.
  const char *registration;
  // Whose it is said to be. May be NULL in probes of `vantay_identify`.
  const char *personal_id;
  // The face embedding, of the gallery's model and dimension and any length but zero; NULL for none.
  const float *embedding;
  // Its components.
  size_t dimension;
  // The fingers; NULL for none.
  const vantay_finger_t *fingers;
  // How many.
  size_t finger_count;
  // When it was captured, in milliseconds since 1970-01-01T00:00:00Z; 0 if that is unknown.
  int64_t captured_at;
} vantay_registration_t;

// What a commit published.
typedef struct {
  // Its number.
  uint64_t number;
  // Registrations it added.
  uint64_t enrolled;
  // Registrations it removed.
  uint64_t removed;
} vantay_commit_t;

// What a search compares and what suffices for a match. All zero is the default: all parts, fingers of the same position, the
// default policy where everything is calibrated, raw thresholds where not.
typedef struct {
  // `VANTAY_MODALITY_BOTH`, or one of its kind.
  int32_t modality;
  // Compare any finger with any, not those of the same position only.
  bool any_finger;
  // The false match rate of comparisons that suffices; 0 for none.
  double fmr;
  // The rate of searches of strangers that find anybody, at the gallery's size; 0 for none.
  double fpir;
  // The number of false pairs expected in the whole gallery; 0 for none.
  double false_pairs;
  // A policy file; NULL for none.
  const char *policy;
  // A calibration file of the gallery's face model; NULL for none.
  const char *face_calibration;
  // A calibration file of fingerprint scores; NULL for none.
  const char *finger_calibration;
  // A raw threshold for cosines, which promises no rate; 0 for none.
  double face_threshold;
  // A raw threshold for fingerprint scores, which promises no rate; 0 for none.
  double finger_threshold;
  // Of mates that a full comparison would accept, the share that the screen of fingers may lose; 0 for the library's default,
  // below 0 to compare every finger in full.
  double miss;
  // In a deduplication, screen only the fingers of registrations without a portrait: hundreds of times faster, but it misses who does
  // not look alike in two portraits.
  bool portraits_suffice;
} vantay_search_options_t;

// Scores of the parts that both sides have, and what they amount to. Parts that were not compared are NaN.
typedef struct {
  // `VANTAY_DECISION_NONE`, or one of its kind.
  int32_t decision;
  // All parts in one number, higher is more alike.
  double score;
  // log10 likelihood ratio of all parts; NaN where they are not calibrated.
  double llr;
  // The rate at which strangers reach this ratio; NaN where parts are not calibrated.
  double fmr;
  // Cosine of the portraits.
  double face;
  // Fingerprint scores by the probe's finger position, 0 (unknown) to 10.
  double fingers[11];
  // The lower end of the 95 % interval of `fmr`; NaN where parts are not calibrated.
  double fmr_low;
  // The upper end, likewise.
  double fmr_high;
  // Whether `fmr` was fitted or computed instead of counted; false where parts are not calibrated.
  bool extrapolated;
} vantay_scores_t;

// The answer to a claim.
typedef struct {
  // Whether the gallery has a registration of the subject that was named.
  bool known;
  // The best of each part over the subject's registrations.
  vantay_scores_t scores;
} vantay_verification_t;

// Which subjects a search looks at, and how many candidates it returns. All zero looks at everybody for no candidate.
typedef struct {
  // At most how many candidates a probe gets.
  size_t top;
  // The first year of birth; 0 for any.
  uint16_t born_from;
  // The last year of birth; 0 for any.
  uint16_t born_to;
  // `VANTAY_SEX_ANY`, or one of its kind.
  int32_t sex;
  // Province codes of which any will do; NULL for all.
  const uint16_t *provinces;
  // How many.
  size_t province_count;
  // Ends the call from another thread; NULL for none.
  const vantay_stop_t *stop;
} vantay_identify_options_t;

// A subject that a probe may be of. The texts are good until the candidates are freed.
typedef struct {
  // Whose.
  const char *personal_id;
  // The subject's registration that is most alike.
  const char *registration;
  // The best of each part over the subject's registrations.
  vantay_scores_t scores;
} vantay_candidate_t;

// Called now and then by threads of the library, possibly several at once, with how far a deduplication is. Anything but 0 stops.
typedef int (*vantay_progress_fn)(const char *stage, uint64_t done, uint64_t total, void *context);

// How a deduplication goes about it. All zero is the default.
typedef struct {
  // Told how far it is; NULL for nobody.
  vantay_progress_fn progress;
  // What `progress` is handed.
  void *context;
  // Ends the call from another thread; NULL for none. Set also by a `progress` that asks to stop.
  const vantay_stop_t *stop;
  // A file where the run keeps what it has finished, so that one that was killed goes on from there; NULL for none.
  const char *checkpoint;
  // The cosine from which two portraits are compared in all parts; 0 for what one comparison of strangers in ten thousand
  // reaches, at most fifty of a registration; or three quarters of a raw threshold.
  double face_candidates;
} vantay_deduplicate_options_t;

// Two registrations that look like one person's. The texts are good until a callback returns, or the pairs are freed.
typedef struct {
  // Whose the one is said to be; within one gallery that with the smaller personal ID, then registration.
  const char *a_personal_id;
  // Its name.
  const char *a_registration;
  // Whose the other is said to be.
  const char *b_personal_id;
  // Its name.
  const char *b_registration;
  // What the pair says: `VANTAY_PAIR_DIFFERENT_ID`, or one of its kind.
  int32_t kind;
  // The parts that both have.
  vantay_scores_t scores;
  // The cluster, from 0; -1 for pairs that were not accepted.
  int64_t cluster;
} vantay_pair_t;

// Called with each pair, best first, on the thread of the call. Anything but 0 stops.
typedef int (*vantay_pair_fn)(const vantay_pair_t *pair, void *context);

// What a calibration says of accepting a score and all higher ones.
typedef struct {
  // The false match rate.
  double fmr;
  // The lower end of its 95 % interval.
  double fmr_low;
  // The upper end.
  double fmr_high;
  // Whether too few strangers scored so high to count them, so that the rate rests on a fitted tail.
  bool extrapolated;
  // The false non-match rate.
  double fnmr;
  // log10 likelihood ratio of this very score.
  double llr;
} vantay_rates_t;

// Scores that were compared before, and what is known about them. Parts that were not compared are NaN.
typedef struct {
  // Cosine of the portraits.
  double face;
  // Fingerprint scores by finger position, 0 (unknown) to 10.
  double fingers[11];
  // The calibration of the face model; NULL for none.
  const vantay_calibration_t *face_calibration;
  // The calibration of fingerprint scores; NULL for none.
  const vantay_calibration_t *finger_calibration;
  // Subjects of the gallery, on which rates of searches depend.
  uint64_t subjects;
} vantay_evidence_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What a result means, in a few words: static text, never NULL. `vantay_last_detail` has the particulars.
//
// May be called from any thread.
const char *vantay_result_message(vantay_result_t result);

// The particulars of the last call on this thread that failed: file, record, field, offset. Never NULL; empty if none has.
//
// The text is good until the next call that fails on this thread. May be called from any thread.
const char *vantay_last_detail(void);

// The version of the library, such as "0.1.0": static text.
//
// May be called from any thread.
const char *vantay_version(void);

// Writes the SIMD level that comparisons run at to `level`: "scalar", "avx2" or "avx512", static text.
//
// May be called from any thread.
vantay_result_t vantay_simd_level(const char **level);

// Sets how many threads all calls share; 0 for one a core. Once, before the first search.
//
// May be called from any thread.
vantay_result_t vantay_set_threads(size_t threads);

// Compares two minutiae records in any of the formats that the library reads; of several views the first. Writes the
// score, 0 or more, higher is more alike, the same either way round.
//
// May be called from any thread.
vantay_result_t vantay_compare_minutiae(const uint8_t *a,
                                        size_t a_length,
                                        const uint8_t *b,
                                        size_t b_length,
                                        float *score);

// Compares two face embeddings of one model and any length but zero. Writes the cosine, -1 to 1.
//
// May be called from any thread.
vantay_result_t vantay_compare_faces(const float *a, const float *b, size_t dimension, double *cosine);

// Converts a minutiae record, in any of the formats that the library reads, to `format`: "iso19794-2:2005", "iso19794-2:2011",
// "incits378:2004", "incits378:2009", "incits378:2009am1", "iso19794-2:2005-card-normal" or "iso19794-2:2005-card-compact".
//
// Writes the record to `out`, which has room for `capacity` bytes, its length to `written` and, unless `losses` is NULL, how many
// things the format cannot hold. `VANTAY_ERROR_BUFFER` says that there is too little room: then only the length is written, so
// that a call with `out` NULL and `capacity` 0 asks for it. May be called from any thread.
vantay_result_t vantay_convert(const uint8_t *record,
                               size_t record_length,
                               const char *format,
                               uint8_t *out,
                               size_t capacity,
                               size_t *written,
                               size_t *losses);

// Writes a new stop that is not set.
//
// May be called from any thread.
vantay_result_t vantay_stop_new(vantay_stop_t **stop);

// Sets a stop, so that the calls that look at it end with `VANTAY_ERROR_STOPPED`, or with `stopped` false clears it for the next ones.
//
// May be called from any thread, and from a signal handler, so it leaves `vantay_last_detail` as it is.
vantay_result_t vantay_stop_set(const vantay_stop_t *stop,
                                bool stopped);

// Frees a stop; NULL is fine. Calls that look at it are not disturbed. Once, by one thread.
void vantay_stop_free(vantay_stop_t *stop);

// Creates an empty gallery in a new or empty directory that only the owner can enter, and opens it.
//
// `face_model` is the name of the model that all embeddings are of, of `face_dimension` components (16 to 4096); NULL and 0 for
// a gallery without faces. `opaque_ids` is false for Vietnam's twelve digits, true for any IDs of 1 to 64
// bytes without control characters.
//
// May be called from any thread.
vantay_result_t vantay_gallery_create(const char *path,
                                      const char *face_model,
                                      size_t face_dimension,
                                      bool opaque_ids,
                                      vantay_gallery_t **gallery);

// Creates a gallery whose files are encrypted by `key`, `key_length` random bytes: 32 of them.
//
// May be called from any thread.
vantay_result_t vantay_gallery_create_encrypted(const char *path,
                                                const char *face_model,
                                                size_t face_dimension,
                                                bool opaque_ids,
                                                const uint8_t *key,
                                                size_t key_length,
                                                vantay_gallery_t **gallery);

// Opens a gallery at its last commit.
//
// May be called from any thread.
vantay_result_t vantay_gallery_open(const char *path, vantay_gallery_t **gallery);

// Opens an encrypted gallery by the key that it was created with.
//
// May be called from any thread.
vantay_result_t vantay_gallery_open_encrypted(const char *path,
                                              const uint8_t *key,
                                              size_t key_length,
                                              vantay_gallery_t **gallery);

// Closes a gallery; NULL is fine. Writers and searches of it stay good. Once, by one thread, when no other uses it.
void vantay_gallery_free(vantay_gallery_t *gallery);

// Goes on with the newest commit and writes its number to `commit`, which may be NULL. Searches that are open stay with theirs.
//
// May be called from any thread.
vantay_result_t vantay_gallery_refresh(const vantay_gallery_t *gallery,
                                       uint64_t *commit);

// Reads every file of the commit that the gallery is at and checks it, on all cores, so that no later search waits for the disk: for services, where the
// files fit in memory. Without it single searches have it done in the background. Returns `VANTAY_ERROR_DAMAGED` if anything is wrong.
//
// May be called from any thread.
vantay_result_t vantay_gallery_warm(const vantay_gallery_t *gallery);

// Writes what the gallery holds to `info`.
//
// May be called from any thread.
vantay_result_t vantay_gallery_info(const vantay_gallery_t *gallery, vantay_info_t *info);

// Looks for damage in the commit that an open gallery is at, every byte against its checksum if `deep`, and calls `problem` (which may be NULL) with
// what it finds on this thread. Returns `VANTAY_ERROR_DAMAGED` if anything is wrong.
//
// May be called from any thread.
vantay_result_t vantay_gallery_check(const vantay_gallery_t *gallery,
                                     bool deep,
                                     vantay_problem_fn problem,
                                     void *context);

// The same for the last commit in the directory of a gallery that may be too damaged to be opened, and is not encrypted.
//
// May be called from any thread.
vantay_result_t vantay_check(const char *path,
                             bool deep,
                             vantay_problem_fn problem,
                             void *context);

// Takes the gallery's one writer.
//
// May be called from any thread.
vantay_result_t vantay_writer_open(const vantay_gallery_t *gallery, vantay_writer_t **writer);

// Gives a writer up; what was not committed is forgotten. NULL is fine. Once, by one thread, when no other uses it.
void vantay_writer_free(vantay_writer_t *writer);

// Stages a registration. A rejected one leaves no trace.
//
// One thread at a time for a writer.
vantay_result_t vantay_writer_enroll(vantay_writer_t *writer, const vantay_registration_t *registration);

// Stages a record that is one line of the registration feed: a JSON object of `length` bytes, which need not end in zero.
//
// One thread at a time for a writer.
vantay_result_t vantay_writer_enroll_line(vantay_writer_t *writer,
                                          const char *line,
                                          size_t length);

// Stages the registrations of a feed: NDJSON, plain, `.gz` or `.zst`. Writes how many to `enrolled`, and how many were passed over
// to `rejected`, also when a line ends the call; both may be NULL.
//
// The first bad line ends the call unless `skip`; what stood before it is staged. One thread at a time for a writer.
vantay_result_t vantay_writer_enroll_feed(vantay_writer_t *writer,
                                          const char *path,
                                          bool skip,
                                          uint64_t *enrolled,
                                          uint64_t *rejected);

// Publishes all that was staged and removed, all of it or nothing, and writes what that was to `commit`, which may be NULL. When it
// returns, a loss of power takes nothing of it.
//
// One thread at a time for a writer.
vantay_result_t vantay_writer_commit(vantay_writer_t *writer,
                                     vantay_commit_t *commit);

// Removes all registrations of a subject, from the next commit on, and writes how many they were to `removed`, which may be NULL.
//
// One thread at a time for a writer.
vantay_result_t vantay_writer_remove(vantay_writer_t *writer,
                                     const char *personal_id,
                                     uint64_t *removed);

// Rewrites what holds removed rows and what is small, so that no byte of a removed template is in any file.
//
// One thread at a time for a writer.
vantay_result_t vantay_writer_compact(vantay_writer_t *writer);

// Prepares to search the commit that `gallery` is at. `options` may be NULL.
//
// May be called from any thread.
vantay_result_t vantay_search_new(const vantay_gallery_t *gallery,
                                  const vantay_search_options_t *options,
                                  vantay_search_t **search);

// Gives a search up; NULL is fine. Once, by one thread, when no other uses it.
void vantay_search_free(vantay_search_t *search);

// Compares a claim with the subject that its personal ID names.
//
// May be called from any thread.
vantay_result_t vantay_verify(const vantay_search_t *search,
                              const vantay_registration_t *claim,
                              vantay_verification_t *verification);

// Compares a claim that is one line of the registration feed, as `vantay_verify` does.
//
// May be called from any thread.
vantay_result_t vantay_verify_line(const vantay_search_t *search,
                                   const char *line,
                                   size_t length,
                                   vantay_verification_t *verification);

// Looks for each of `count` probes in the whole gallery, on all cores, and writes their candidates to `candidates`, to be freed
// with `vantay_candidates_free`. Ten probes at once cost less than ten calls.
//
// May be called from any thread.
vantay_result_t vantay_identify(const vantay_search_t *search,
                                const vantay_registration_t *probes,
                                size_t count,
                                const vantay_identify_options_t *options,
                                vantay_candidates_t **candidates);

// Looks for a probe that is one line of the registration feed, as `vantay_identify` does. Its personal ID is not looked at.
//
// May be called from any thread.
vantay_result_t vantay_identify_line(const vantay_search_t *search,
                                     const char *line,
                                     size_t length,
                                     const vantay_identify_options_t *options,
                                     vantay_candidates_t **candidates);

// Frees candidates and their texts; NULL is fine. Once, by one thread, when no other uses them.
void vantay_candidates_free(vantay_candidates_t *candidates);

// Writes how many candidates the probe numbered `probe`, from 0, has.
//
// May be called from any thread.
vantay_result_t vantay_candidates_count(const vantay_candidates_t *candidates, size_t probe, size_t *count);

// Writes the candidate of rank `rank`, from 0 for the best, of the probe numbered `probe`, from 0.
//
// May be called from any thread.
vantay_result_t vantay_candidates_get(const vantay_candidates_t *candidates,
                                      size_t probe,
                                      size_t rank,
                                      vantay_candidate_t *candidate);

// Calls `pair` with the pairs of registrations that look like one person's, best first, within the gallery of `search` or, if it is
// not NULL, between it and that of `against`. `options` may be NULL. The pair's function is handed `context`.
//
// May be called from any thread.
vantay_result_t vantay_deduplicate(const vantay_search_t *search,
                                   const vantay_search_t *against,
                                   const vantay_deduplicate_options_t *options,
                                   vantay_pair_fn pair,
                                   void *context);

// The same for callers who would rather fetch the pairs one by one: writes them to `duplicates`, for `vantay_duplicates_next`, to be
// freed with `vantay_duplicates_free`.
//
// May be called from any thread.
vantay_result_t vantay_duplicates_find(const vantay_search_t *search,
                                       const vantay_search_t *against,
                                       const vantay_deduplicate_options_t *options,
                                       vantay_duplicates_t **duplicates);

// Writes how many pairs there are to `pairs`, to `matches` how many of them are a match, not for review, and to `clusters` how many
// clusters those form; each may be NULL.
//
// May be called from any thread.
vantay_result_t vantay_duplicates_count(const vantay_duplicates_t *duplicates,
                                        size_t *pairs,
                                        size_t *matches,
                                        size_t *clusters);

// Writes the next pair, best first; `VANTAY_ERROR_NOT_FOUND` says that there are no more.
//
// One thread at a time for the same pairs.
vantay_result_t vantay_duplicates_next(vantay_duplicates_t *duplicates, vantay_pair_t *pair);

// Frees pairs and their texts; NULL is fine. Once, by one thread, when no other uses them.
void vantay_duplicates_free(vantay_duplicates_t *duplicates);

// Reads a calibration file, as `vantay calibrate` and `vantay_calibration_write` write it.
//
// May be called from any thread.
vantay_result_t vantay_calibration_read(const char *path, vantay_calibration_t **calibration);

// Writes the calibration that comes with the library for a face model, or for fingerprint scores if `face_model` is NULL;
// `VANTAY_ERROR_NOT_FOUND` if there is none.
//
// May be called from any thread.
vantay_result_t vantay_calibration_shipped(const char *face_model,
                                           vantay_calibration_t **calibration);

// Fits a calibration to scores of pairs that are known: `genuine` of one person each, at least 20, `impostor` of two, at least 200.
// `system` names the face model, or the fingerprint matcher; `data` says for readers what the pairs are.
//
// May be called from any thread.
vantay_result_t vantay_calibration_fit(const double *genuine,
                                       size_t genuine_count,
                                       const double *impostor,
                                       size_t impostor_count,
                                       const char *system,
                                       const char *data,
                                       vantay_calibration_t **calibration);

// Writes a calibration file.
//
// May be called from any thread.
vantay_result_t vantay_calibration_write(const vantay_calibration_t *calibration, const char *path);

// Writes the smallest score whose false match rate does not exceed `fmr`, more than 0 and less than 1, to `score`.
//
// May be called from any thread.
vantay_result_t vantay_calibration_threshold(const vantay_calibration_t *calibration,
                                             double fmr,
                                             double *score);

// Writes what accepting from `score` on means to `rates`.
//
// May be called from any thread.
vantay_result_t vantay_calibration_rates(const vantay_calibration_t *calibration,
                                         double score,
                                         vantay_rates_t *rates);

// Frees a calibration; NULL is fine. Once, by one thread, when no other uses it.
void vantay_calibration_free(vantay_calibration_t *calibration);

// Reads a policy file, or, if `path` is NULL, writes the policy that decides where nothing else is asked.
//
// May be called from any thread.
vantay_result_t vantay_policy_read(const char *path, vantay_policy_t **policy);

// Writes a policy file, to be edited and named in `vantay_search_options_t`.
//
// May be called from any thread.
vantay_result_t vantay_policy_write(const vantay_policy_t *policy, const char *path);

// Decides scores that were compared before, for `VANTAY_PURPOSE_VERIFY` or one of its kind, and writes the decision,
// `VANTAY_DECISION_NONE` or one of its kind, to `decision`.
//
// May be called from any thread.
vantay_result_t vantay_policy_decide(const vantay_policy_t *policy,
                                     int32_t purpose,
                                     const vantay_evidence_t *evidence,
                                     int32_t *decision);

// Frees a policy; NULL is fine. Once, by one thread, when no other uses it.
void vantay_policy_free(vantay_policy_t *policy);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* VANTAY_H */
