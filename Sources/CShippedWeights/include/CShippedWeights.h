#pragma once

/// The file lstm.safetensors beside this module's source, as it is in the executable.
const unsigned char *hs_lstm_weights(unsigned long *count);
