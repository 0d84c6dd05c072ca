/* Opens a gallery and verifies each line of a registration feed against the subject that it names.
 *
 *   cc verify.c -o verify $(pkg-config --cflags --libs vantay)
 *   ./verify national claims.ndjson
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vantay.h>

static int failed(const char *what, vantay_result_t result)
{
    fprintf(stderr, "%s: %s: %s\n", what, vantay_result_message(result), vantay_last_detail());
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static char line[1 << 20];
    static const char *const decisions[] = {"none", "review", "match"};
    vantay_gallery_t *gallery = NULL;
    vantay_search_t *search = NULL;
    vantay_search_options_t options = VANTAY_ZERO;
    vantay_verification_t answer;
    vantay_result_t result;
    int status = EXIT_SUCCESS;
    FILE *feed;

    if (argc != 3) {
        fprintf(stderr, "usage: %s GALLERY FEED.ndjson\n", argv[0]);
        return 2;
    }
    feed = fopen(argv[2], "r");
    if (feed == NULL) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    /* A raw cosine; with a calibration file it would be a rate: options.fmr = 1e-6. */
    options.face_threshold = 0.4;
    result = vantay_gallery_open(argv[1], &gallery);
    if (result == VANTAY_OK)
        result = vantay_search_new(gallery, &options, &search);
    if (result != VANTAY_OK)
        status = failed(argv[1], result);

    while (status == EXIT_SUCCESS && fgets(line, sizeof line, feed) != NULL) {
        result = vantay_verify_line(search, line, strlen(line), &answer);
        if (result == VANTAY_OK)
            printf("%s, score %.3f\n", decisions[answer.scores.decision], answer.scores.score);
        else
            status = failed("a line is not right", result);
    }

    fclose(feed);
    vantay_search_free(search);
    vantay_gallery_free(gallery);
    return status;
}
