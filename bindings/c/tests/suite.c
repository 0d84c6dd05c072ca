/* The C test suite: every call, used well and badly. Takes the path of a feed of records with portraits of the model
 * "synthetic", a folder to work in, and the vectors that all languages share; prints what failed and ends with 1.
 * It is C99, C11 and C++17 at once. */
#include "suite.h"
#include <math.h>
#include <stdlib.h>

static int passed = 0, wrong = 0;

void expect(int holds, const char *what, const char *file, int line)
{
    if (holds) {
        passed++;
        return;
    }
    wrong++;
    fprintf(stderr, "%s:%d: %s (detail: %s)\n", file, line, what, vantay_last_detail());
}

#define DIMENSION 16

static void unit(float *row, int component)
{
    int i;
    for (i = 0; i < DIMENSION; i++)
        row[i] = i == component ? 1.0f : 0.0f;
}

static vantay_result_t enroll_face(vantay_writer_t *writer, const char *name, const char *id, const float *row)
{
    vantay_registration_t registration = VANTAY_ZERO;
    registration.registration = name;
    registration.personal_id = id;
    registration.embedding = row;
    registration.dimension = DIMENSION;
    return vantay_writer_enroll(writer, &registration);
}

static void is_the_pair(const vantay_pair_t *pair)
{
    EXPECT(strcmp(pair->a_personal_id, pair->b_personal_id) < 0 && pair->kind == VANTAY_PAIR_DIFFERENT_ID);
    EXPECT(pair->scores.decision == VANTAY_DECISION_MATCH && pair->scores.face > 0.99 && pair->cluster == 0);
}

static int count_pair(const vantay_pair_t *pair, void *context)
{
    is_the_pair(pair);
    ++*(int *)context;
    return 0;
}

/* Called by several threads. */
static int stop_progress(const char *stage, uint64_t done, uint64_t total, void *context)
{
    (void)done;
    (void)total;
    return stage[0] != '\0' && context != NULL;
}

static int stop_at_once(const vantay_pair_t *pair, void *context)
{
    (void)pair;
    (void)context;
    return 1;
}

static void note_problem(const char *file, int64_t offset, const char *reason, void *context)
{
    (void)offset;
    EXPECT(strlen(file) > 0 && strlen(reason) > 0);
    ++*(int *)context;
}

static void arguments_are_checked(void)
{
    vantay_gallery_t *gallery = NULL;
    vantay_info_t info;
    float rows[2 * DIMENSION + 1];
    double cosine = 5.0;
    float score;

    EXPECT_RESULT(vantay_gallery_open(NULL, &gallery), VANTAY_ERROR_NULL);
    EXPECT(strstr(vantay_last_detail(), "path") != NULL);
    EXPECT_RESULT(vantay_gallery_open("nowhere", NULL), VANTAY_ERROR_NULL);
    EXPECT_RESULT(vantay_gallery_open("nowhere", &gallery), VANTAY_ERROR_NOT_A_GALLERY);
    EXPECT(gallery == NULL);
    EXPECT_RESULT(vantay_gallery_open("\xff\xfe", &gallery), VANTAY_ERROR_TEXT);
    EXPECT_RESULT(vantay_gallery_info(NULL, &info), VANTAY_ERROR_NULL);
    EXPECT_RESULT(vantay_compare_faces(NULL, rows, DIMENSION, &cosine), VANTAY_ERROR_NULL);
    unit(rows, 0);
    unit(rows + DIMENSION, 0);
    EXPECT_RESULT(vantay_compare_faces((const float *)(const void *)((const char *)(const void *)rows + 1), rows,
                                       DIMENSION, &cosine),
                  VANTAY_ERROR_ALIGNMENT);
    EXPECT_RESULT(vantay_compare_faces(rows, rows, SIZE_MAX, &cosine), VANTAY_ERROR_LENGTH);
    EXPECT_RESULT(vantay_compare_faces(rows, rows, 3, &cosine), VANTAY_ERROR_TEMPLATE);
    EXPECT(cosine == 5.0);
    EXPECT_RESULT(vantay_compare_faces(rows, rows + DIMENSION, DIMENSION, &cosine), VANTAY_OK);
    EXPECT(cosine == 1.0);
    EXPECT_RESULT(vantay_compare_minutiae(NULL, 0, NULL, 0, &score), VANTAY_ERROR_TEMPLATE);
    EXPECT_RESULT(vantay_compare_minutiae((const uint8_t *)"FMR", 4, NULL, 1, &score), VANTAY_ERROR_NULL);
    EXPECT_RESULT(vantay_writer_commit(NULL, NULL), VANTAY_ERROR_NULL);
    vantay_gallery_free(NULL);
    vantay_writer_free(NULL);
    vantay_search_free(NULL);
    vantay_candidates_free(NULL);
    vantay_duplicates_free(NULL);
    vantay_stop_free(NULL);
    vantay_calibration_free(NULL);
    vantay_policy_free(NULL);
    EXPECT(strcmp(vantay_result_message(VANTAY_OK), "done") == 0);
    EXPECT(strcmp(vantay_result_message(12345), "unknown result") == 0);
}

static void the_library_says_what_it_is(void)
{
    const char *level = NULL;
    EXPECT(strcmp(vantay_version(), VANTAY_VERSION) == 0);
    EXPECT_RESULT(vantay_simd_level(&level), VANTAY_OK);
    EXPECT(level != NULL && strlen(level) >= 4);
    EXPECT_RESULT(vantay_simd_level(NULL), VANTAY_ERROR_NULL);
    EXPECT_RESULT(vantay_set_threads(2), VANTAY_OK);
    EXPECT_RESULT(vantay_set_threads(2), VANTAY_ERROR_THREADS);
}

static void a_gallery_lives(const char *path)
{
    vantay_gallery_t *gallery = NULL;
    vantay_writer_t *writer = NULL, *second = NULL;
    vantay_search_t *search = NULL, *other = NULL;
    vantay_search_options_t options = VANTAY_ZERO;
    vantay_identify_options_t wanted = VANTAY_ZERO;
    vantay_registration_t probes[2] = {VANTAY_ZERO, VANTAY_ZERO};
    vantay_deduplicate_options_t how = VANTAY_ZERO;
    vantay_candidates_t *candidates = NULL;
    vantay_candidate_t candidate;
    vantay_duplicates_t *duplicates = NULL;
    vantay_pair_t pair;
    vantay_stop_t *stop = NULL;
    vantay_verification_t answer;
    vantay_commit_t commit;
    vantay_info_t info;
    float rows[3][DIMENSION], tilted[DIMENSION];
    uint64_t number = 0, removed = 0;
    size_t count = 9, matches = 9, clusters = 9;
    int pairs = 0, problems = 0;
    char long_name[66];

    EXPECT_RESULT(vantay_gallery_create(path, "m", DIMENSION, true, &gallery), VANTAY_OK);
    EXPECT_RESULT(vantay_gallery_create(path, "m", DIMENSION, true, &gallery), VANTAY_ERROR_EXISTS);
    EXPECT_RESULT(vantay_writer_open(gallery, &writer), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_open(gallery, &second), VANTAY_ERROR_LOCKED);

    unit(rows[0], 0);
    unit(rows[1], 1);
    unit(rows[2], 2);
    unit(tilted, 0);
    tilted[5] = 0.01f;
    EXPECT_RESULT(enroll_face(writer, "R0", "ann", rows[0]), VANTAY_OK);
    EXPECT_RESULT(enroll_face(writer, "R1", "bob", rows[1]), VANTAY_OK);
    EXPECT_RESULT(enroll_face(writer, "R2", "cid", tilted), VANTAY_OK);
    EXPECT_RESULT(enroll_face(writer, "R0", "dan", rows[2]), VANTAY_ERROR_REGISTRATION_EXISTS);
    EXPECT_RESULT(enroll_face(writer, NULL, "dan", rows[2]), VANTAY_ERROR_NULL);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    EXPECT_RESULT(enroll_face(writer, long_name, "dan", rows[2]), VANTAY_ERROR_FEED);
    EXPECT_RESULT(enroll_face(writer, "R3", long_name, rows[2]), VANTAY_ERROR_FEED);
    EXPECT_RESULT(enroll_face(writer, "", "dan", rows[2]), VANTAY_ERROR_FEED);
    EXPECT_RESULT(vantay_writer_enroll_line(writer, "{\"registration\": 1}", 19), VANTAY_ERROR_FEED);
    EXPECT(strstr(vantay_last_detail(), "personal_id") != NULL);
    EXPECT_RESULT(vantay_writer_commit(writer, &commit), VANTAY_OK);
    EXPECT(commit.number == 1 && commit.enrolled == 3 && commit.removed == 0);
    EXPECT_RESULT(vantay_gallery_info(gallery, &info), VANTAY_OK);
    EXPECT(info.registrations == 3 && info.subjects == 3 && info.face_dimension == DIMENSION);

    options.face_threshold = 0.5;
    options.modality = 77;
    EXPECT_RESULT(vantay_search_new(gallery, &options, &search), VANTAY_ERROR_ARGUMENT);
    options.modality = VANTAY_MODALITY_FACE;
    EXPECT_RESULT(vantay_search_new(gallery, &options, &search), VANTAY_OK);
    EXPECT_RESULT(vantay_search_new(gallery, NULL, &other), VANTAY_OK);

    probes[0].embedding = tilted;
    probes[0].dimension = DIMENSION;
    probes[1].embedding = rows[2];
    probes[1].dimension = DIMENSION;
    wanted.top = 2;
    EXPECT_RESULT(vantay_identify(search, probes, 2, &wanted, &candidates), VANTAY_OK);
    EXPECT_RESULT(vantay_candidates_count(candidates, 0, &count), VANTAY_OK);
    EXPECT(count == 2);
    EXPECT_RESULT(vantay_candidates_get(candidates, 0, 0, &candidate), VANTAY_OK);
    EXPECT(strcmp(candidate.personal_id, "cid") == 0 && strcmp(candidate.registration, "R2") == 0);
    EXPECT(candidate.scores.decision == VANTAY_DECISION_MATCH && candidate.scores.face > 0.999999);
    EXPECT(isnan(candidate.scores.fingers[2]));
    EXPECT_RESULT(vantay_candidates_get(candidates, 1, 0, &candidate), VANTAY_OK);
    EXPECT(candidate.scores.decision == VANTAY_DECISION_NONE);
    EXPECT_RESULT(vantay_candidates_get(candidates, 0, 2, &candidate), VANTAY_ERROR_NOT_FOUND);
    EXPECT_RESULT(vantay_candidates_count(candidates, 2, &count), VANTAY_ERROR_NOT_FOUND);
    vantay_candidates_free(candidates);
    candidates = NULL;
    EXPECT_RESULT(vantay_stop_new(&stop), VANTAY_OK);
    EXPECT_RESULT(vantay_stop_set(stop, true), VANTAY_OK);
    wanted.stop = how.stop = stop;
    EXPECT_RESULT(vantay_identify(search, probes, 2, &wanted, &candidates), VANTAY_ERROR_STOPPED);
    EXPECT_RESULT(vantay_duplicates_find(search, NULL, &how, &duplicates), VANTAY_ERROR_STOPPED);
    EXPECT(candidates == NULL && duplicates == NULL);
    EXPECT_RESULT(vantay_stop_set(stop, false), VANTAY_OK);
    EXPECT_RESULT(vantay_identify(search, probes, 2, &wanted, &candidates), VANTAY_OK);
    vantay_candidates_free(candidates);
    probes[0].dimension = DIMENSION - 1;
    EXPECT(vantay_identify(search, probes, 1, &wanted, &candidates) != VANTAY_OK);
    probes[0].dimension = DIMENSION;

    EXPECT_RESULT(vantay_verify(search, &probes[0], &answer), VANTAY_ERROR_NULL);
    probes[0].personal_id = "ann";
    EXPECT_RESULT(vantay_verify(search, &probes[0], &answer), VANTAY_OK);
    EXPECT(answer.known && answer.scores.decision == VANTAY_DECISION_MATCH);
    probes[0].personal_id = "bob";
    EXPECT_RESULT(vantay_verify(search, &probes[0], &answer), VANTAY_OK);
    EXPECT(answer.known && answer.scores.decision == VANTAY_DECISION_NONE);
    probes[0].personal_id = "eve";
    EXPECT_RESULT(vantay_verify(search, &probes[0], &answer), VANTAY_OK);
    EXPECT(!answer.known && isnan(answer.scores.face));

    EXPECT_RESULT(vantay_deduplicate(search, NULL, NULL, count_pair, &pairs), VANTAY_OK);
    EXPECT(pairs == 1);
    EXPECT_RESULT(vantay_deduplicate(search, NULL, NULL, stop_at_once, NULL), VANTAY_ERROR_STOPPED);
    EXPECT_RESULT(vantay_deduplicate(search, NULL, NULL, NULL, NULL), VANTAY_ERROR_NULL);
    EXPECT_RESULT(vantay_deduplicate(search, other, NULL, stop_at_once, NULL), VANTAY_ERROR_STOPPED);
    EXPECT_RESULT(vantay_duplicates_find(search, NULL, &how, &duplicates), VANTAY_OK);
    EXPECT_RESULT(vantay_duplicates_count(duplicates, &count, &matches, &clusters), VANTAY_OK);
    EXPECT(count == 1 && matches == 1 && clusters == 1);
    EXPECT_RESULT(vantay_duplicates_next(duplicates, &pair), VANTAY_OK);
    is_the_pair(&pair);
    EXPECT_RESULT(vantay_duplicates_next(duplicates, &pair), VANTAY_ERROR_NOT_FOUND);
    vantay_duplicates_free(duplicates);
    how.progress = stop_progress;
    EXPECT_RESULT(vantay_deduplicate(search, NULL, &how, count_pair, &pairs), VANTAY_OK);
    how.context = &pairs;
    EXPECT_RESULT(vantay_deduplicate(search, NULL, &how, count_pair, &pairs), VANTAY_ERROR_STOPPED);
    EXPECT(pairs == 2);

    EXPECT_RESULT(vantay_writer_remove(writer, "ann", &removed), VANTAY_OK);
    EXPECT(removed == 1);
    EXPECT_RESULT(vantay_writer_remove(writer, "nobody", &removed), VANTAY_OK);
    EXPECT(removed == 0);
    EXPECT_RESULT(vantay_writer_compact(writer), VANTAY_ERROR_ARGUMENT);
    EXPECT_RESULT(vantay_writer_commit(writer, NULL), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_compact(writer), VANTAY_OK);
    EXPECT_RESULT(vantay_gallery_refresh(gallery, &number), VANTAY_OK);
    EXPECT(number >= 2);
    EXPECT_RESULT(vantay_gallery_warm(gallery), VANTAY_OK);
    EXPECT_RESULT(vantay_gallery_info(gallery, &info), VANTAY_OK);
    EXPECT(info.registrations == 2 && info.removed_rows == 0);
    EXPECT_RESULT(vantay_gallery_check(gallery, true, note_problem, &problems), VANTAY_OK);
    EXPECT_RESULT(vantay_check(path, false, note_problem, &problems), VANTAY_OK);
    EXPECT(problems == 0);
    EXPECT_RESULT(vantay_check("nowhere", false, note_problem, &problems), VANTAY_ERROR_DAMAGED);
    EXPECT(problems == 1);
    EXPECT_RESULT(vantay_deduplicate(other, NULL, NULL, count_pair, &pairs), VANTAY_OK);
    EXPECT(pairs == 3); /* a search keeps its commit */

    vantay_stop_free(stop);
    vantay_writer_free(writer);
    vantay_search_free(search);
    vantay_search_free(other);
    vantay_gallery_free(gallery);
}

static void a_feed_is_enrolled(const char *path, const char *feed)
{
    static char line[1 << 20];
    vantay_gallery_t *gallery = NULL;
    vantay_writer_t *writer = NULL;
    vantay_search_t *search = NULL;
    vantay_verification_t answer;
    vantay_identify_options_t wanted = VANTAY_ZERO;
    vantay_candidates_t *candidates = NULL;
    vantay_candidate_t candidate;
    uint64_t enrolled = 0, rejected = 0;
    FILE *file = fopen(feed, "r");

    EXPECT_RESULT(vantay_gallery_create(path, "synthetic", 64, false, &gallery), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_open(gallery, &writer), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_enroll_feed(writer, feed, false, &enrolled, &rejected), VANTAY_OK);
    EXPECT(enrolled > 0 && rejected == 0);
    EXPECT_RESULT(vantay_writer_enroll_feed(writer, feed, false, &enrolled, NULL), VANTAY_ERROR_REGISTRATION_EXISTS);
    EXPECT(enrolled == 0);
    EXPECT_RESULT(vantay_writer_enroll_feed(writer, feed, true, NULL, &rejected), VANTAY_OK);
    EXPECT(rejected > 0);
    EXPECT_RESULT(vantay_writer_enroll_feed(writer, "no such feed", true, NULL, NULL), VANTAY_ERROR_IO);
    EXPECT_RESULT(vantay_writer_commit(writer, NULL), VANTAY_OK);
    EXPECT_RESULT(vantay_search_new(gallery, NULL, &search), VANTAY_OK);
    EXPECT(file != NULL && fgets(line, sizeof line, file) != NULL);
    EXPECT_RESULT(vantay_verify_line(search, line, strlen(line), &answer), VANTAY_OK);
    EXPECT(answer.known && answer.scores.decision == VANTAY_DECISION_MATCH && answer.scores.face > 0.999999);
    EXPECT_RESULT(vantay_verify_line(search, line, 3, &answer), VANTAY_ERROR_FEED);
    wanted.top = 1;
    EXPECT_RESULT(vantay_identify_line(search, line, strlen(line), &wanted, &candidates), VANTAY_OK);
    EXPECT_RESULT(vantay_candidates_get(candidates, 0, 0, &candidate), VANTAY_OK);
    EXPECT(candidate.scores.decision == VANTAY_DECISION_MATCH && candidate.scores.face > 0.999999);
    vantay_candidates_free(candidates);
    EXPECT_RESULT(vantay_identify_line(search, line, 3, &wanted, &candidates), VANTAY_ERROR_FEED);
    if (file != NULL)
        fclose(file);
    vantay_search_free(search);
    vantay_writer_free(writer);
    vantay_gallery_free(gallery);
}

static void a_key_is_needed(const char *path)
{
    vantay_gallery_t *gallery = NULL, *again = NULL;
    vantay_writer_t *writer = NULL;
    vantay_info_t info;
    uint8_t key[33];
    float row[DIMENSION];

    memset(key, 7, sizeof key);
    EXPECT_RESULT(vantay_gallery_create_encrypted(path, "m", DIMENSION, true, key, 33, &gallery), VANTAY_ERROR_KEY);
    EXPECT_RESULT(vantay_gallery_create_encrypted(path, "m", DIMENSION, true, NULL, 0, &gallery), VANTAY_ERROR_KEY);
    EXPECT_RESULT(vantay_gallery_create_encrypted(path, "m", DIMENSION, true, key, 32, &gallery), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_open(gallery, &writer), VANTAY_OK);
    unit(row, 3);
    EXPECT_RESULT(enroll_face(writer, "R0", "ann", row), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_commit(writer, NULL), VANTAY_OK);
    EXPECT_RESULT(vantay_gallery_open(path, &again), VANTAY_ERROR_KEY);
    EXPECT_RESULT(vantay_gallery_open_encrypted(path, key + 1, 31, &again), VANTAY_ERROR_KEY);
    key[0] = 8;
    EXPECT_RESULT(vantay_gallery_open_encrypted(path, key, 32, &again), VANTAY_ERROR_KEY);
    EXPECT(again == NULL);
    key[0] = 7;
    EXPECT_RESULT(vantay_gallery_open_encrypted(path, key, 32, &again), VANTAY_OK);
    EXPECT_RESULT(vantay_gallery_info(again, &info), VANTAY_OK);
    EXPECT(info.registrations == 1);
    EXPECT_RESULT(vantay_gallery_check(again, true, NULL, NULL), VANTAY_OK);
    vantay_writer_free(writer);
    vantay_gallery_free(again);
    vantay_gallery_free(gallery);
}

static void rates_and_rules_are_at_hand(const char *folder)
{
    static double genuine[400], impostor[20000];
    vantay_calibration_t *fingerprints = NULL, *fitted = NULL, *read = NULL;
    vantay_policy_t *policy = NULL, *same = NULL;
    vantay_evidence_t evidence;
    vantay_rates_t rates;
    double threshold = -1.0, again = -2.0;
    int32_t decision = -1;
    char path[4096];
    int i;

    EXPECT_RESULT(vantay_calibration_shipped(NULL, &fingerprints), VANTAY_OK);
    EXPECT_RESULT(vantay_calibration_shipped("no such model", &read), VANTAY_ERROR_NOT_FOUND);
    EXPECT_RESULT(vantay_calibration_threshold(fingerprints, 1e-6, &threshold), VANTAY_OK);
    EXPECT_RESULT(vantay_calibration_threshold(fingerprints, 2.0, &again), VANTAY_ERROR_DECISION);
    EXPECT_RESULT(vantay_calibration_rates(fingerprints, threshold, &rates), VANTAY_OK);
    EXPECT(rates.fmr <= 1e-6 && rates.fmr > 1e-8 && rates.fmr_low <= rates.fmr && rates.fmr <= rates.fmr_high);
    EXPECT(rates.extrapolated && rates.fnmr > 0.0 && rates.fnmr < 1.0 && rates.llr > 0.0);

    for (i = 0; i < 20000; i++)
        impostor[i] = -10.0 * log10((i + 1) / 20001.0);
    for (i = 0; i < 400; i++)
        genuine[i] = 60.0 + i / 5.0;
    EXPECT_RESULT(vantay_calibration_fit(genuine, 400, impostor, 20000, "matcher 1", "a pilot", &fitted), VANTAY_OK);
    EXPECT_RESULT(vantay_calibration_fit(genuine, 1, impostor, 20000, "matcher 1", "a pilot", &read),
                  VANTAY_ERROR_DECISION);
    sprintf(path, "%s/calibration.json", folder);
    EXPECT_RESULT(vantay_calibration_write(fitted, path), VANTAY_OK);
    EXPECT_RESULT(vantay_calibration_read(path, &read), VANTAY_OK);
    EXPECT_RESULT(vantay_calibration_threshold(fitted, 1e-3, &threshold), VANTAY_OK);
    EXPECT_RESULT(vantay_calibration_threshold(read, 1e-3, &again), VANTAY_OK);
    EXPECT(bits_of(threshold) == bits_of(again) && threshold > 25.0 && threshold < 35.0);

    EXPECT_RESULT(vantay_policy_read(NULL, &policy), VANTAY_OK);
    sprintf(path, "%s/policy.json", folder);
    EXPECT_RESULT(vantay_policy_write(policy, path), VANTAY_OK);
    EXPECT_RESULT(vantay_policy_read(path, &same), VANTAY_OK);
    memset(&evidence, 0, sizeof evidence);
    evidence.face = nan("");
    for (i = 0; i < 11; i++)
        evidence.fingers[i] = nan("");
    evidence.finger_calibration = fingerprints;
    evidence.subjects = 1000;
    EXPECT_RESULT(vantay_policy_decide(same, VANTAY_PURPOSE_VERIFY, &evidence, &decision), VANTAY_OK);
    EXPECT(decision == VANTAY_DECISION_NONE);
    evidence.fingers[2] = 1000.0;
    EXPECT_RESULT(vantay_policy_decide(same, VANTAY_PURPOSE_VERIFY, &evidence, &decision), VANTAY_OK);
    EXPECT(decision == VANTAY_DECISION_MATCH);
    EXPECT_RESULT(vantay_policy_decide(same, 3, &evidence, &decision), VANTAY_ERROR_ARGUMENT);
    evidence.finger_calibration = NULL;
    EXPECT_RESULT(vantay_policy_decide(same, VANTAY_PURPOSE_IDENTIFY, &evidence, &decision), VANTAY_ERROR_DECISION);

    vantay_policy_free(same);
    vantay_policy_free(policy);
    vantay_calibration_free(read);
    vantay_calibration_free(fitted);
    vantay_calibration_free(fingerprints);
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc != 4 || strlen(argv[2]) > 4000)
        return 2;
    the_library_says_what_it_is();
    arguments_are_checked();
    sprintf(path, "%s/small", argv[2]);
    a_gallery_lives(path);
    sprintf(path, "%s/secret", argv[2]);
    a_key_is_needed(path);
    sprintf(path, "%s/feed", argv[2]);
    a_feed_is_enrolled(path, argv[1]);
    sprintf(path, "%s/vectors", argv[2]);
    scores_and_decisions_agree_to_the_bit(argv[3], path);
    sprintf(path, "%s/raw", argv[2]);
    raw_templates_are_taken(argv[3], path);
    rates_and_rules_are_at_hand(argv[2]);
    printf("%d passed, %d failed\n", passed, wrong);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
