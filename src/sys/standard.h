/* sys/standard.h: the three descriptors that everything takes for input, output and errors. */
#pragma once

/* Fills those of 0, 1 and 2 that the caller closed, so that no file and no connection becomes one
 * of them and gets what is meant for a person. They still fail as closed ones do: EBADF. To be
 * called before anything is opened. Source: gnulib, stdopen. */
void standard_hold(void);
