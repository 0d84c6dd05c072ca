/* The C test suite: every call, used well and badly. Takes the path of a feed of records with portraits of the model
 * "synthetic", a folder to work in, and the vectors that all languages share; prints what failed and ends with 1. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vantay.h>
#include <vantay.h> /* twice is as good as once */

static int passed = 0, wrong = 0;

static void expect(int holds, const char *what, int line)
{
    if (holds) {
        passed++;
        return;
    }
    wrong++;
    fprintf(stderr, "suite.c:%d: %s (detail: %s)\n", line, what, vantay_last_detail());
}

#define EXPECT(condition) expect((condition) != 0, #condition, __LINE__)
#define EXPECT_RESULT(call, result) expect((call) == (result), #call " is " #result, __LINE__)

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

static int count_pair(const vantay_pair_t *pair, void *context)
{
    EXPECT(strcmp(pair->a_personal_id, pair->b_personal_id) < 0 && !pair->same_id);
    EXPECT(pair->scores.decision == VANTAY_DECISION_MATCH && pair->scores.face > 0.99 && pair->cluster == 0);
    ++*(int *)context;
    return 0;
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
    EXPECT(strcmp(vantay_result_message(VANTAY_OK), "done") == 0);
    EXPECT(strcmp(vantay_result_message(12345), "unknown result") == 0);
}

static void the_library_says_what_it_is(void)
{
    const char *level = NULL;
    EXPECT(strchr(vantay_version(), '.') != NULL);
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
    vantay_candidates_t *candidates = NULL;
    vantay_candidate_t candidate;
    vantay_verification_t answer;
    vantay_commit_t commit;
    vantay_info_t info;
    float rows[3][DIMENSION], tilted[DIMENSION];
    uint64_t number = 0, removed = 0;
    size_t count = 9;
    int pairs = 0, problems = 0;

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
    EXPECT_RESULT(vantay_writer_enroll_line(writer, "{\"registration\": 1}", 19), VANTAY_ERROR_FEED);
    EXPECT(strstr(vantay_last_detail(), "registration") != NULL);
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

    EXPECT_RESULT(vantay_deduplicate(search, NULL, count_pair, NULL, &pairs), VANTAY_OK);
    EXPECT(pairs == 1);
    EXPECT_RESULT(vantay_deduplicate(search, NULL, stop_at_once, NULL, NULL), VANTAY_ERROR_STOPPED);
    EXPECT_RESULT(vantay_deduplicate(search, NULL, NULL, NULL, NULL), VANTAY_ERROR_NULL);
    EXPECT_RESULT(vantay_deduplicate(search, other, stop_at_once, NULL, NULL), VANTAY_ERROR_STOPPED);

    EXPECT_RESULT(vantay_writer_remove(writer, "ann", &removed), VANTAY_OK);
    EXPECT(removed == 1);
    EXPECT_RESULT(vantay_writer_remove(writer, "nobody", &removed), VANTAY_OK);
    EXPECT(removed == 0);
    EXPECT_RESULT(vantay_writer_compact(writer), VANTAY_ERROR_ARGUMENT);
    EXPECT_RESULT(vantay_writer_commit(writer, NULL), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_compact(writer), VANTAY_OK);
    EXPECT_RESULT(vantay_gallery_refresh(gallery, &number), VANTAY_OK);
    EXPECT(number >= 2);
    EXPECT_RESULT(vantay_gallery_info(gallery, &info), VANTAY_OK);
    EXPECT(info.registrations == 2 && info.removed_rows == 0);
    EXPECT_RESULT(vantay_gallery_check(gallery, true, note_problem, &problems), VANTAY_OK);
    EXPECT(problems == 0);
    EXPECT_RESULT(vantay_deduplicate(other, NULL, count_pair, NULL, &pairs), VANTAY_OK);
    EXPECT(pairs == 2); /* a search keeps its commit */

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
    if (file != NULL)
        fclose(file);
    vantay_search_free(search);
    vantay_writer_free(writer);
    vantay_gallery_free(gallery);
}

static size_t unhex(const char *text, uint8_t *bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(text) / 2, i;
    for (i = 0; i < length; i++) {
        long high = (long)(strchr(digits, text[2 * i]) - digits), low = (long)(strchr(digits, text[2 * i + 1]) - digits);
        bytes[i] = (uint8_t)(16 * high + low);
    }
    return length;
}

/* Each line: finger or face, two templates, the bits of the score, as tests/vectors.rs of the project describes it. */
static void scores_agree_to_the_bit(const char *vectors)
{
    static char line[1 << 20];
    static uint8_t a[1 << 16], b[1 << 16];
    static float rows[2][1 << 14];
    FILE *file = fopen(vectors, "r");
    int lines = 0;

    EXPECT(file != NULL);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *kind = strtok(line, " \n"), *first = strtok(NULL, " \n"), *second = strtok(NULL, " \n");
        uint64_t bits = strtoull(strtok(NULL, " \n"), NULL, 16), found = 0;
        size_t a_length = unhex(first, a), b_length = unhex(second, b);
        if (strcmp(kind, "finger") == 0) {
            float score = -1.0f;
            uint32_t narrow;
            EXPECT_RESULT(vantay_compare_minutiae(a, a_length, b, b_length, &score), VANTAY_OK);
            memcpy(&narrow, &score, sizeof narrow);
            found = narrow;
        } else {
            double cosine = -2.0;
            memcpy(rows[0], a, a_length);
            memcpy(rows[1], b, b_length);
            EXPECT_RESULT(vantay_compare_faces(rows[0], rows[1], a_length / sizeof(float), &cosine), VANTAY_OK);
            memcpy(&found, &cosine, sizeof found);
        }
        EXPECT(found == bits);
        lines++;
    }
    EXPECT(lines >= 10);
    if (file != NULL)
        fclose(file);
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
    sprintf(path, "%s/feed", argv[2]);
    a_feed_is_enrolled(path, argv[1]);
    scores_agree_to_the_bit(argv[3]);
    printf("%d passed, %d failed\n", passed, wrong);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
