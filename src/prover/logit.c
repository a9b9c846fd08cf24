/* SPDX-License-Identifier: ISC */
#include "prover/logit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
	STEPS_MAX = 50,
};

#define SHRINKAGE                                                                                  \
	1.0	     /* half of it, times the squares of all weights but the constant's, is added */
#define FARTHEST 6.0 /* standard deviations: what is farther counts as if there */
#define SMALL_STEP 1e-9 /* of a weight: it has converged */

/* A linear system of equations, symmetric. */
struct system {
	double matrix[LOGIT_TERMS_MAX][LOGIT_TERMS_MAX];
	double right[LOGIT_TERMS_MAX];
	size_t size;
};

static double standardised(const struct logit *logit, size_t term, double value)
{
	if (logit->scale[term] <= 0)
		return 0;
	double z = (value - logit->mean[term]) / logit->scale[term];
	return fmin(fmax(z, -FARTHEST), FARTHEST);
}

/* All terms of an observation: linear, squares of these, and one. */
static void expand(const struct logit *logit, const double *features, double *ret_terms)
{
	size_t width = logit->width;

	for (size_t i = 0; i < width; i++) {
		double z = standardised(logit, i, features[i]);
		ret_terms[i] = z;
		ret_terms[width + i] = standardised(logit, width + i, z * z);
	}
	ret_terms[2 * width] = 1;
}

/* Mean and standard deviation of one term; of a square once those of its linear term are there. */
static void measure(const struct logit_sample *sample, struct logit *logit, size_t term)
{
	bool is_square = term >= sample->width;
	size_t feature = is_square ? term - sample->width : term;
	double mean = 0, sum = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sample->count; i++) {
			double value = sample->features[i * sample->width + feature];
			if (is_square)
				value = pow(standardised(logit, feature, value), 2);
			if (round == 0)
				mean += value / (double)sample->count;
			else
				sum += (value - mean) * (value - mean);
		}
	}
	logit->mean[term] = mean;
	logit->scale[term] = sqrt(sum / (double)sample->count);
	if (logit->scale[term] <= 1e-9 * (1 + fabs(mean)))
		logit->scale[term] = 0;
}

/* Solves by Cholesky's decomposition in place; the matrix is positive definite by its shrinkage. */
static void solve(struct system *system)
{
	double(*m)[LOGIT_TERMS_MAX] = system->matrix;

	for (size_t j = 0; j < system->size; j++) {
		for (size_t k = 0; k < j; k++)
			m[j][j] -= m[j][k] * m[j][k];
		m[j][j] = sqrt(fmax(m[j][j], 1e-12));
		for (size_t i = j + 1; i < system->size; i++) {
			for (size_t k = 0; k < j; k++)
				m[i][j] -= m[i][k] * m[j][k];
			m[i][j] /= m[j][j];
		}
	}
	for (size_t i = 0; i < system->size; i++) {
		for (size_t k = 0; k < i; k++)
			system->right[i] -= m[i][k] * system->right[k];
		system->right[i] /= m[i][i];
	}
	for (size_t i = system->size; i-- > 0;) {
		for (size_t k = i + 1; k < system->size; k++)
			system->right[i] -= m[k][i] * system->right[k];
		system->right[i] /= m[i][i];
	}
}

static double dot(const double *a, const double *b, size_t size)
{
	double sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Adds what one observation says to the equations of the next step. */
static void add(struct system *system, const double *terms, double probability, bool is_first)
{
	double weight = probability * (1 - probability);
	double error = (is_first ? 1 : 0) - probability;

	for (size_t i = 0; i < system->size; i++) {
		system->right[i] += error * terms[i];
		for (size_t j = 0; j <= i; j++)
			system->matrix[i][j] += weight * terms[i] * terms[j];
	}
}

/* One step of Newton's; the greatest change of a weight. */
static double step(const struct logit_sample *sample, struct logit *logit)
{
	struct system system = {.size = 2 * sample->width + 1};
	double terms[LOGIT_TERMS_MAX], greatest = 0;

	for (size_t i = 0; i + 1 < system.size; i++) {
		system.matrix[i][i] = SHRINKAGE;
		system.right[i] = -SHRINKAGE * logit->weights[i];
	}
	system.matrix[system.size - 1][system.size - 1] = 1e-9;
	for (size_t i = 0; i < sample->count; i++) {
		expand(logit, sample->features + i * sample->width, terms);
		double odds = dot(logit->weights, terms, system.size);
		add(&system, terms, 1 / (1 + exp(-odds)), sample->are_first[i]);
	}
	solve(&system);
	for (size_t i = 0; i < system.size; i++) {
		logit->weights[i] += system.right[i];
		greatest = fmax(greatest, fabs(system.right[i]));
	}
	return greatest;
}

void logit_train(const struct logit_sample *sample, struct logit *ret_logit)
{
	assert(sample->width <= LOGIT_WIDTH_MAX);
	memset(ret_logit, 0, sizeof *ret_logit);
	ret_logit->width = sample->width;
	for (size_t term = 0; term < 2 * sample->width; term++)
		measure(sample, ret_logit, term);
	for (unsigned i = 0; i < STEPS_MAX && step(sample, ret_logit) > SMALL_STEP; i++)
		;
}

double logit_score(const struct logit *logit, const double *features)
{
	double terms[LOGIT_TERMS_MAX];

	expand(logit, features, terms);
	return dot(logit->weights, terms, 2 * logit->width + 1);
}
