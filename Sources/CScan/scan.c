#include "CScan.h"

// The first letters of the names that a proxy must understand, a bit for each, by the length of the name: `FieldName` has
// the names.
static inline uint32_t initials(size_t length) {
  enum { A = 1, C = 1 << 2, D = 1 << 3, E = 1 << 4, H = 1 << 7, K = 1 << 10, O = 1 << 14, P = 1 << 15, T = 1 << 19,
         U = 1 << 20, X = 1 << 23 };
  static const uint32_t letters[20] = {
      [2] = T, [4] = D | H, [6] = C | E | O, [7] = T | U, [10] = C | K, [13] = A, [14] = C, [15] = X, [16] = P | X,
      [17] = T | X, [18] = P, [19] = P};
  return length < 20 ? letters[length] : 0;
}

// `text` is `scan_text`, or what does the same on better vectors.
static inline __attribute__((always_inline)) scan_lines pass_over(
    const uint8_t *bytes, size_t from, size_t count, size_t most, scan_line *found, size_t room,
    size_t (*text)(const uint8_t *bytes, size_t from, size_t count)) {
  scan_lines lines = {(uint32_t)from, 0, 0};
  if (count > 0xffffff) return lines;
  while (lines.passed < most) {
    size_t colon = scan_name(bytes, from, count);
    if (colon == from || colon >= count || bytes[colon] != ':') break;
    size_t end = text(bytes, colon + 1, count);
    if (end + 1 >= count || bytes[end] != '\r' || bytes[end + 1] != '\n') break;
    unsigned letter = (bytes[from] | 0x20u) - 'a';
    if (letter < 26 && initials(colon - from) >> letter & 1) {
      if (lines.found == room) break;
      found[lines.found++] = (scan_line){(uint32_t)from, (uint32_t)colon, (uint32_t)end};
    }
    from = end + 2;
    lines.passed++;
  }
  lines.end = (uint32_t)from;
  return lines;
}

#if defined(__x86_64__)
typedef uint8_t wide_bytes __attribute__((vector_size(32)));

// `scan_text`, thirty-two bytes at once.
__attribute__((target("avx2,bmi"))) static inline size_t wide_text(const uint8_t *bytes, size_t from, size_t count) {
  typedef int8_t signed_bytes __attribute__((vector_size(32)));
  for (; from + 32 <= count; from += 32) {
    wide_bytes now;
    __builtin_memcpy(&now, bytes + from, 32);
    typedef char plain_bytes __attribute__((vector_size(32)));
    unsigned plain = (unsigned)__builtin_ia32_pmovmskb256((plain_bytes)((signed_bytes)(now + 1) > 0x20));
    if (plain == 0xffffffff) continue;
    size_t first = (size_t)__builtin_ctz(~plain);
    // A tab, or a byte beyond ASCII: the other loop tells those from control bytes.
    return bytes[from + first] == '\r' ? from + first : scan_text(bytes, from + first, count);
  }
  return scan_text(bytes, from, count);
}

__attribute__((target("avx2,bmi"))) static scan_lines pass_over_wide(
    const uint8_t *bytes, size_t from, size_t count, size_t most, scan_line *found, size_t room) {
  return pass_over(bytes, from, count, most, found, room, wide_text);
}
#endif

scan_lines scan_pass_over(
    const uint8_t *bytes, size_t from, size_t count, size_t most, scan_line *found, size_t room) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return pass_over_wide(bytes, from, count, most, found, room);
#endif
  return pass_over(bytes, from, count, most, found, room, scan_text);
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi"))) static size_t wide_pair(
    const uint8_t *bytes, size_t from, size_t count, uint8_t one, uint8_t other) {
  typedef char plain_bytes __attribute__((vector_size(32)));
  for (; from + 33 <= count; from += 32) {
    wide_bytes now, next;
    __builtin_memcpy(&now, bytes + from, 32);
    __builtin_memcpy(&next, bytes + from + 1, 32);
    unsigned found = (unsigned)__builtin_ia32_pmovmskb256((plain_bytes)((now == one) & (next == other)));
    if (found) return from + (size_t)__builtin_ctz(found);
  }
  return from;
}
#endif

size_t scan_pair(const uint8_t *bytes, size_t from, size_t count, uint8_t one, uint8_t other) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    from = wide_pair(bytes, from, count, one, other);
    if (from + 1 < count && bytes[from] == one && bytes[from + 1] == other) return from;
  }
#endif
#ifdef ORRERY_SCAN
  for (; from + 17 <= count; from += 16) {
    scan_bytes found = (scan_bytes)((scan_load(bytes + from) == one) & (scan_load(bytes + from + 1) == other));
    if (!scan_is_none(found)) return from + scan_first(found);
  }
#if defined(__SSE2__)
  typedef char signed_bytes __attribute__((vector_size(16)));
  if (from + 1 < count && count >= 17) {
    // The last pairs once more, without those that have been looked at.
    size_t last = count - 17;
    scan_bytes found = (scan_bytes)((scan_load(bytes + last) == one) & (scan_load(bytes + last + 1) == other));
    unsigned mask = (unsigned)__builtin_ia32_pmovmskb128((signed_bytes)found) >> (from - last);
    return mask ? from + (size_t)__builtin_ctz(mask) : count;
  }
#endif
#endif
  return from;
}
