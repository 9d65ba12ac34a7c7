// Part of the addon: TensorFlow says nothing of its own but errors. It logs through Abseil while it is being loaded, before anybody could
// call it, and by no variable of the environment. So the addon, where its symbols are looked for first, answers for absl::MinLogLevel;
// MIN_LOG_LEVEL is that function as the library names it, see addon.mjs.
#include <cstdlib>

/** 0 information, 1 warnings, 2 errors */
extern "C" int MIN_LOG_LEVEL() {
  const char* asked = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  return asked != nullptr && (*asked == '0' || *asked == '1') ? *asked - '0' : 2;
}
