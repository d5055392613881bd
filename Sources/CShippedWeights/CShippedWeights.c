#include "CShippedWeights.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char weights[] = {
#embed "lstm.safetensors"
};

const unsigned char *hs_lstm_weights(unsigned long *count) {
  *count = sizeof weights;
  return weights;
}
