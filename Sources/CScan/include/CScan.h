// Looks at sixteen bytes of a message's head at once, which Swift's own vectors do at twice the instructions. What is
// `static inline` becomes part of the parser; where the machine has no such vectors the parser's own loops do the work.
//
// Every function reads inside [0, count) of `bytes` and nothing else.
#ifndef ORRERY_CSCAN_H
#define ORRERY_CSCAN_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__) || defined(__ARM_NEON)
#define ORRERY_SCAN 1
typedef uint8_t scan_bytes __attribute__((vector_size(16)));

static inline scan_bytes scan_load(const uint8_t *from) {
  scan_bytes loaded;
  __builtin_memcpy(&loaded, from, 16);
  return loaded;
}

// The number of the first byte of sixteen that is 0xff; 16 when all are 0.
static inline size_t scan_first(scan_bytes found) {
#if defined(__SSE2__)
  typedef char signed_bytes __attribute__((vector_size(16)));
  unsigned mask = (unsigned)__builtin_ia32_pmovmskb128((signed_bytes)found) | 1u << 16;
  return (size_t)__builtin_ctz(mask);
#else
  uint64_t halves[2];
  __builtin_memcpy(halves, &found, 16);
  if (halves[0]) return (size_t)__builtin_ctzll(halves[0]) >> 3;
  return halves[1] ? 8 + ((size_t)__builtin_ctzll(halves[1]) >> 3) : 16;
#endif
}
#endif

#ifdef ORRERY_SCAN
// Whether all of sixteen are 0xff.
static inline int scan_is_all(scan_bytes found) {
#if defined(__SSE2__)
  typedef char signed_bytes __attribute__((vector_size(16)));
  return __builtin_ia32_pmovmskb128((signed_bytes)found) == 0xffff;
#else
  return scan_first(~found) == 16;
#endif
}

// Whether all of sixteen are 0.
static inline int scan_is_none(scan_bytes found) {
#if defined(__SSE2__)
  typedef char signed_bytes __attribute__((vector_size(16)));
  return __builtin_ia32_pmovmskb128((signed_bytes)found) == 0;
#else
  return scan_first(found) == 16;
#endif
}

// 0xff for control bytes, tabs excepted.
static inline scan_bytes scan_controls(scan_bytes now) {
  return (scan_bytes)((now < 0x20) & (now != 9)) | (scan_bytes)(now == 0x7f);
}
#endif

// The place of the first control byte, tabs excepted; `count` when there is none. Where the machine has no vectors, and
// at the end of fewer than sixteen bytes, the place up to which there is none.
static inline size_t scan_text(const uint8_t *bytes, size_t from, size_t count) {
#ifdef ORRERY_SCAN
  typedef int8_t signed_bytes __attribute__((vector_size(16)));
  while (from + 16 <= count) {
    scan_bytes now = scan_load(bytes + from);
    // ASCII's visible bytes and the blank: one comparison, since 0x7f becomes the lowest number of all.
    scan_bytes plain = (scan_bytes)((signed_bytes)(now + 1) > 0x20);
    if (!scan_is_all(plain)) {
      size_t first = scan_first(~plain);
      if (bytes[from + first] == '\r') return from + first;
      first = scan_first(scan_controls(now));
      if (first < 16) return from + first;
    }
    from += 16;
  }
#if defined(__SSE2__)
  if (from < count && count >= 16) {
    // The last sixteen once more, without those that have been looked at.
    size_t last = count - 16;
    unsigned mask = (unsigned)__builtin_ia32_pmovmskb128((signed_bytes)scan_controls(scan_load(bytes + last)));
    mask >>= from - last;
    return mask ? from + (size_t)__builtin_ctz(mask) : count;
  }
#endif
#endif
  return from;
}

// The place of the first byte that is neither letter, digit nor hyphen, among whole sixteens; where fewer than sixteen
// bytes are left, their beginning.
static inline size_t scan_name(const uint8_t *bytes, size_t from, size_t count) {
#ifdef ORRERY_SCAN
  while (from + 16 <= count) {
    scan_bytes now = scan_load(bytes + from);
    scan_bytes letter = (scan_bytes)((uint8_t)26 > ((now | 0x20) - 'a'));
    scan_bytes digit = (scan_bytes)((uint8_t)10 > (now - '0'));
    size_t first = scan_first(~(letter | digit | (scan_bytes)(now == '-')));
    from += first;
    if (first < 16) return from;
  }
#endif
  return from;
}

// The same for names of hosts, which have dots as well.
static inline size_t scan_host(const uint8_t *bytes, size_t from, size_t count) {
#ifdef ORRERY_SCAN
  while (from + 16 <= count) {
    scan_bytes now = scan_load(bytes + from);
    scan_bytes letter = (scan_bytes)((uint8_t)26 > ((now | 0x20) - 'a'));
    scan_bytes digit = (scan_bytes)((uint8_t)10 > (now - '0'));
    size_t first = scan_first(~(letter | digit | (scan_bytes)((now == '-') | (now == '.'))));
    from += first;
    if (first < 16) return from;
  }
#endif
  return from;
}

// The place of the first byte that ends a path or that two readers of it may take differently: none of ASCII's visible
// ones, one of # ? % ; \ . or a slash with another behind it. Where fewer than seventeen bytes are left, their beginning.
static inline size_t scan_path(const uint8_t *bytes, size_t from, size_t count) {
#ifdef ORRERY_SCAN
  while (from + 17 <= count) {
    scan_bytes now = scan_load(bytes + from), next = scan_load(bytes + from + 1);
    scan_bytes visible = (scan_bytes)((uint8_t)94 > (now - '!'));
    scan_bytes ends = (scan_bytes)((now == '#') | (now == '?') | (now == '%') | (now == ';') | (now == '\\') | (now == '.'));
    scan_bytes doubled = (scan_bytes)((now == '/') & (next == '/'));
    size_t first = scan_first(~visible | ends | doubled);
    from += first;
    if (first < 16) return from;
  }
#endif
  return from;
}

// The place of the first `one` with `other` right behind it; where there is none, or the machine has no vectors, the
// place up to which there is none.
size_t scan_pair(const uint8_t *bytes, size_t from, size_t count, uint8_t one, uint8_t other);

// A line of a head: where it begins, where its colon is and where its CRLF.
typedef struct {
  uint32_t start, colon, end;
} scan_line;

// Where the lines end that were passed over, how many those are, and how many of them were written down.
typedef struct {
  uint32_t end, passed, found;
} scan_lines;

// Passes over lines of a head of the usual kind: a name of letters, digits and hyphens, a colon, text, CRLF. Ends at the
// first of another kind and after `most`, and writes down those whose name may be one that a proxy must understand; ends
// also when there are more of these than `room`.
scan_lines scan_pass_over(
    const uint8_t *bytes, size_t from, size_t count, size_t most, scan_line *found, size_t room);

// The number that all bytes of [from, end) are in decimal; -1 when there are none, one is no digit, or more than eighteen.
static inline int64_t scan_decimal(const uint8_t *bytes, size_t from, size_t end) {
  if (end <= from || end - from > 18) return -1;
  int64_t number = 0;
  for (; from < end; from++) {
    unsigned digit = bytes[from] - (unsigned)'0';
    if (digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

static inline uint64_t scan_word(const uint8_t *from, size_t count) {
  uint64_t word = 0;
  __builtin_memcpy(&word, from, count);
  return word;
}

// Whether `count` bytes of both are the same once the bits of `fold` are set in all of them.
static inline int scan_is_folded(const uint8_t *bytes, const uint8_t *word, size_t count, uint64_t fold) {
  if (count >= 8) {
    uint64_t difference = 0;
    for (size_t at = 0; at + 8 < count; at += 8)
      difference |= (scan_word(bytes + at, 8) | fold) ^ (scan_word(word + at, 8) | fold);
    difference |= (scan_word(bytes + count - 8, 8) | fold) ^ (scan_word(word + count - 8, 8) | fold);
    return difference == 0;
  }
  if (count >= 4)
    return (((scan_word(bytes, 4) | fold) ^ (scan_word(word, 4) | fold)) |
            ((scan_word(bytes + count - 4, 4) | fold) ^ (scan_word(word + count - 4, 4) | fold))) == 0;
  for (size_t at = 0; at < count; at++)
    if ((bytes[at] | (uint8_t)fold) != (word[at] | (uint8_t)fold)) return 0;
  return 1;
}

// Whether `count` bytes are those of `word`, in any case of letters. Exact for bytes of tokens.
static inline int scan_is_same(const uint8_t *bytes, const uint8_t *word, size_t count) {
  return scan_is_folded(bytes, word, count, 0x2020202020202020);
}

// Whether `count` bytes are exactly those of `word`.
static inline int scan_is_word(const uint8_t *bytes, const uint8_t *word, size_t count) {
  return scan_is_folded(bytes, word, count, 0);
}

#endif
