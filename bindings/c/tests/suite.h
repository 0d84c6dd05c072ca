/* What the files of the suite share. */
#ifndef SUITE_H
#define SUITE_H

#include <stdio.h>
#include <string.h>
#include <vantay.h>
#include <vantay.h> /* twice is as good as once */

void expect(int holds, const char *what, const char *file, int line);

#define EXPECT(condition) expect((condition) != 0, #condition, __FILE__, __LINE__)
#define EXPECT_RESULT(call, result) expect((call) == (result), #call " is " #result, __FILE__, __LINE__)

uint64_t bits_of(double value);
void scores_and_decisions_agree_to_the_bit(const char *vectors, const char *path);
void raw_templates_are_taken(const char *vectors, const char *path);

#endif
