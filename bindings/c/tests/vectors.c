/* The vectors that all languages share: scores, decisions, and their templates as bytes. */
#include "suite.h"
#include <math.h>
#include <stdlib.h>

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

static const char *decision_name(int32_t decision)
{
    static const char *const names[] = {"none", "review", "match"};
    return decision >= 0 && decision <= 2 ? names[decision] : "unknown";
}

uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void one_way_to_decide(vantay_search_options_t *options, const char *how)
{
    memset(options, 0, sizeof *options);
    if (strcmp(how, "fmr=1e-6") == 0)
        options->fmr = 1e-6;
    else if (strcmp(how, "fpir=1e-3") == 0)
        options->fpir = 1e-3;
    else if (strcmp(how, "raw=0.4,12") == 0) {
        options->face_threshold = 0.4;
        options->finger_threshold = 12.0;
    } else
        EXPECT(strcmp(how, "default") == 0);
}

static char vector_line[1 << 20];

/* Reads a line of the vectors and cuts it at blanks; the last field may hold some. */
static int next_vector(FILE *file, char **fields, int most)
{
    int count = 0;
    char *rest = vector_line;
    if (file == NULL || fgets(vector_line, sizeof vector_line, file) == NULL)
        return 0;
    vector_line[strcspn(vector_line, "\n")] = '\0';
    while (count < most - 1 && strchr(rest, ' ') != NULL) {
        fields[count++] = rest;
        rest = strchr(rest, ' ');
        *rest++ = '\0';
    }
    fields[count++] = rest;
    return count;
}

/* Every line of the vectors, as tests/vectors.rs of the project describes them. */
void scores_and_decisions_agree_to_the_bit(const char *vectors, const char *path)
{
    static uint8_t a[1 << 16], b[1 << 16];
    static float rows[2][1 << 14];
    FILE *file = fopen(vectors, "r");
    vantay_gallery_t *gallery = NULL;
    vantay_writer_t *writer = NULL;
    char *fields[7];
    int fingers = 0, faces = 0, decisions = 0;

    EXPECT(file != NULL);
    EXPECT_RESULT(vantay_gallery_create(path, "synthetic", 512, false, &gallery), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_open(gallery, &writer), VANTAY_OK);
    while (next_vector(file, fields, 2) == 2) {
        const char *kind = fields[0];
        char *rest = fields[1];
        if (strcmp(kind, "finger") == 0 || strcmp(kind, "face") == 0) {
            char *second = strchr(rest, ' '), *third;
            uint64_t bits, found;
            size_t a_length, b_length;
            *second++ = '\0';
            third = strchr(second, ' ');
            *third++ = '\0';
            bits = strtoull(third, NULL, 16);
            a_length = unhex(rest, a);
            b_length = unhex(second, b);
            if (kind[1] == 'i') {
                float score = -1.0f;
                uint32_t narrow;
                EXPECT_RESULT(vantay_compare_minutiae(a, a_length, b, b_length, &score), VANTAY_OK);
                memcpy(&narrow, &score, sizeof narrow);
                found = narrow;
                fingers++;
            } else {
                double cosine = -2.0;
                memcpy(rows[0], a, a_length);
                memcpy(rows[1], b, b_length);
                EXPECT_RESULT(vantay_compare_faces(rows[0], rows[1], a_length / sizeof(float), &cosine), VANTAY_OK);
                found = bits_of(cosine);
                faces++;
            }
            EXPECT(found == bits);
        } else if (strcmp(kind, "enroll") == 0) {
            EXPECT_RESULT(vantay_writer_enroll_line(writer, rest, strlen(rest)), VANTAY_OK);
        } else if (strcmp(kind, "commit") == 0) {
            EXPECT_RESULT(vantay_writer_commit(writer, NULL), VANTAY_OK);
        } else {
            vantay_search_options_t options;
            vantay_search_t *search = NULL;
            char *how = rest, *decision = strchr(how, ' '), *id, *score, *probe;
            *decision++ = '\0';
            id = strchr(decision, ' ');
            *id++ = '\0';
            score = strchr(id, ' ');
            *score++ = '\0';
            probe = strchr(score, ' ');
            *probe++ = '\0';
            one_way_to_decide(&options, how);
            EXPECT_RESULT(vantay_search_new(gallery, &options, &search), VANTAY_OK);
            if (strcmp(kind, "verify") == 0) {
                vantay_verification_t answer;
                EXPECT_RESULT(vantay_verify_line(search, probe, strlen(probe), &answer), VANTAY_OK);
                EXPECT(strcmp(decision_name(answer.scores.decision), decision) == 0);
                EXPECT(bits_of(answer.scores.score) == strtoull(score, NULL, 16));
            } else {
                vantay_identify_options_t wanted = VANTAY_ZERO;
                vantay_candidates_t *candidates = NULL;
                vantay_candidate_t best, candidate;
                int32_t best_decision = VANTAY_DECISION_NONE;
                size_t rank;
                EXPECT(strcmp(kind, "identify") == 0);
                wanted.top = 3;
                EXPECT_RESULT(vantay_identify_line(search, probe, strlen(probe), &wanted, &candidates), VANTAY_OK);
                EXPECT_RESULT(vantay_candidates_get(candidates, 0, 0, &best), VANTAY_OK);
                for (rank = 0; vantay_candidates_get(candidates, 0, rank, &candidate) == VANTAY_OK; rank++)
                    if (candidate.scores.decision > best_decision)
                        best_decision = candidate.scores.decision;
                EXPECT(rank == 3);
                EXPECT(strcmp(decision_name(best_decision), decision) == 0 && strcmp(best.personal_id, id) == 0);
                EXPECT(bits_of(best.scores.score) == strtoull(score, NULL, 16));
                vantay_candidates_free(candidates);
            }
            decisions++;
            vantay_search_free(search);
        }
    }
    EXPECT(fingers >= 5 && faces >= 5 && decisions >= 20);
    if (file != NULL)
        fclose(file);
    vantay_writer_free(writer);
    vantay_gallery_free(gallery);
}

/* Templates as bytes: read from the vectors, converted, enrolled, found. */
void raw_templates_are_taken(const char *vectors, const char *path)
{
    static uint8_t record[1 << 16], copy[1 << 16];
    FILE *file = fopen(vectors, "r");
    vantay_gallery_t *gallery = NULL;
    vantay_writer_t *writer = NULL;
    vantay_search_t *search = NULL;
    vantay_search_options_t options = VANTAY_ZERO;
    vantay_registration_t registration = VANTAY_ZERO;
    vantay_finger_t fingers[2] = {VANTAY_ZERO, VANTAY_ZERO};
    vantay_verification_t answer;
    char *fields[4];
    size_t length, needed = 0, written = 0, losses = 9;
    float score = -1.0f;
    char reason[66];

    EXPECT(next_vector(file, fields, 4) == 4 && strcmp(fields[0], "finger") == 0);
    length = unhex(fields[1], record);
    EXPECT_RESULT(vantay_convert(record, length, "iso19794-2:2011", NULL, 0, &needed, NULL), VANTAY_ERROR_BUFFER);
    EXPECT(needed > length && needed < sizeof copy);
    EXPECT_RESULT(vantay_convert(record, length, "iso19794-2:2011", copy, needed - 1, &written, NULL),
                  VANTAY_ERROR_BUFFER);
    EXPECT_RESULT(vantay_convert(record, length, "iso19794-2:2011", copy, needed, &written, &losses), VANTAY_OK);
    EXPECT(written == needed && memcmp(copy, "FMR\0", 4) == 0);
    EXPECT_RESULT(vantay_compare_minutiae(record, length, copy, written, &score), VANTAY_OK);
    EXPECT(score > 12.0f);
    EXPECT_RESULT(vantay_convert(record, length, "no such format", copy, needed, &written, NULL),
                  VANTAY_ERROR_TEMPLATE);
    EXPECT_RESULT(vantay_convert(record, 7, "iso19794-2:2011", copy, needed, &written, NULL), VANTAY_ERROR_TEMPLATE);

    EXPECT_RESULT(vantay_gallery_create(path, NULL, 0, false, &gallery), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_open(gallery, &writer), VANTAY_OK);
    registration.registration = "R1";
    registration.personal_id = "001204000257";
    registration.captured_at = 1667787069000;
    registration.fingers = fingers;
    registration.finger_count = 2;
    fingers[0].position = 2;
    fingers[0].record = copy;
    fingers[0].record_length = written;
    fingers[1].position = 7;
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    fingers[1].missing = reason;
    EXPECT_RESULT(vantay_writer_enroll(writer, &registration), VANTAY_ERROR_ARGUMENT);
    fingers[1].missing = "";
    EXPECT_RESULT(vantay_writer_enroll(writer, &registration), VANTAY_ERROR_ARGUMENT);
    fingers[1].missing = "amputated";
    fingers[1].position = 0;
    EXPECT_RESULT(vantay_writer_enroll(writer, &registration), VANTAY_ERROR_ARGUMENT);
    fingers[1].position = 7;
    fingers[0].missing = "bandaged";
    EXPECT_RESULT(vantay_writer_enroll(writer, &registration), VANTAY_ERROR_ARGUMENT);
    fingers[0].missing = NULL;
    fingers[0].position = 11;
    EXPECT(vantay_writer_enroll(writer, &registration) != VANTAY_OK);
    fingers[0].position = 2;
    EXPECT_RESULT(vantay_writer_enroll(writer, &registration), VANTAY_OK);
    EXPECT_RESULT(vantay_writer_commit(writer, NULL), VANTAY_OK);
    options.fmr = 1e-6;
    EXPECT_RESULT(vantay_search_new(gallery, &options, &search), VANTAY_OK);
    fingers[0].record = record;
    fingers[0].record_length = length;
    registration.finger_count = 1;
    EXPECT_RESULT(vantay_verify(search, &registration, &answer), VANTAY_OK);
    EXPECT(answer.known && answer.scores.decision == VANTAY_DECISION_MATCH && answer.scores.fingers[2] > 12.0);
    EXPECT(isnan(answer.scores.face) && isnan(answer.scores.fingers[7]) && answer.scores.fmr <= 1e-6);
    EXPECT(answer.scores.fmr_low <= answer.scores.fmr && answer.scores.fmr < answer.scores.fmr_high);
    EXPECT(answer.scores.extrapolated);
    if (file != NULL)
        fclose(file);
    vantay_search_free(search);
    vantay_writer_free(writer);
    vantay_gallery_free(gallery);
}
