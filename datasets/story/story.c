/* The story in C: enrol the shipped feed, verify a visitor, identify another, look for people who are registered twice.
 *
 *   cc story.c -o story $(pkg-config --cflags --libs vantay)
 *   ./story NEW_GALLERY datasets/synthetic-400.ndjson.zst datasets/visits.ndjson
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vantay.h>

static const char *const words[] = {"none", "review", "match"};

static void need(vantay_result_t result)
{
    if (result != VANTAY_OK) {
        fprintf(stderr, "%s: %s\n", vantay_result_message(result), vantay_last_detail());
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv)
{
    static char line[1 << 20];
    vantay_gallery_t *gallery = NULL;
    vantay_writer_t *writer = NULL;
    vantay_search_t *search = NULL;
    vantay_identify_options_t wanted = VANTAY_ZERO;
    vantay_candidates_t *candidates = NULL;
    vantay_candidate_t candidate;
    vantay_duplicates_t *duplicates = NULL;
    vantay_pair_t pair;
    vantay_verification_t answer;
    vantay_info_t info;
    size_t pairs = 0, matches = 0, clusters = 0;
    char *id;
    FILE *visits;

    if (argc != 4 || (visits = fopen(argv[3], "r")) == NULL) {
        fprintf(stderr, "usage: story NEW_GALLERY FEED VISITS\n");
        return 2;
    }
    need(vantay_gallery_create(argv[1], "synthetic", 512, false, &gallery));
    need(vantay_writer_open(gallery, &writer));
    need(vantay_writer_enroll_feed(writer, argv[2], false, NULL, NULL));
    need(vantay_writer_commit(writer, NULL));
    need(vantay_gallery_info(gallery, &info));
    printf("enrolled %lu registrations of %lu subjects\n", (unsigned long)info.registrations, (unsigned long)info.subjects);

    need(vantay_search_new(gallery, NULL, &search));
    if (fgets(line, sizeof line, visits) != NULL) {
        need(vantay_verify_line(search, line, strlen(line), &answer));
        /* The library reads the whole line; the claim is shown by its twelve digits. */
        id = strstr(line, "\"personal_id\":\"");
        printf("verify %.12s: %s, llr %.3f\n", id == NULL ? "?" : id + 15, words[answer.scores.decision], answer.scores.llr);
    }
    if (fgets(line, sizeof line, visits) != NULL) {
        wanted.top = 1;
        need(vantay_identify_line(search, line, strlen(line), &wanted, &candidates));
        if (vantay_candidates_get(candidates, 0, 0, &candidate) == VANTAY_OK)
            printf("identify %s: %s, llr %.3f\n", candidate.personal_id, words[candidate.scores.decision],
                   candidate.scores.llr);
        vantay_candidates_free(candidates);
    }
    fclose(visits);

    need(vantay_duplicates_find(search, NULL, NULL, &duplicates));
    need(vantay_duplicates_count(duplicates, &pairs, &matches, &clusters));
    printf("deduplicate: %lu match, %lu review, %lu clusters\n", (unsigned long)matches, (unsigned long)(pairs - matches),
           (unsigned long)clusters);
    while (vantay_duplicates_next(duplicates, &pair) == VANTAY_OK)
        printf("%s %s %s\n", pair.a_personal_id, pair.b_personal_id, words[pair.scores.decision]);

    vantay_duplicates_free(duplicates);
    vantay_search_free(search);
    vantay_writer_free(writer);
    vantay_gallery_free(gallery);
    return EXIT_SUCCESS;
}
