/* A stand-in for NVIDIA's driver library on machines without a GPU, for tests of kernels/cuda.
 *
 * "Device" memory is memory of the host. Copies and fills work; a stream that records keeps what is put into it, and the
 * graph replays it. A launch is checked against the kernel's own tables in its cubin (number of threads, sizes of
 * parameters), and against what was granted to it (shared memory); then a callback of the test does the arithmetic.
 *
 * It is stricter than the real library where that one may be lenient on the day of a test: a kernel that was never launched
 * before may not be recorded (the real library loads lazily, which a recording cannot), addresses must be inside of
 * allocations, every call needs the context, and nothing may wait or allocate while a stream records.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, NOT_FOUND = 500,
  ILLEGAL_ADDRESS = 700, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900
};
enum { MAX_PARAMETERS = 64, MAX_ALLOCATIONS = 65536, SHARED_WITHOUT_ASKING = 49152, SHARED_LIMIT = 232448 };

typedef struct {
  const unsigned char *image;
  char name[256];
  int count, offset[MAX_PARAMETERS], size[MAX_PARAMETERS], threads, shared_granted, launched;
} Kernel;

typedef struct Work {
  enum { COPY, FILL, LAUNCH } kind;
  uint64_t target, source;
  size_t bytes;
  int value;
  Kernel *kernel;
  unsigned grid[3];
  unsigned char *parameters;
  struct Work *next;
} Work;

typedef struct { Work *first, *last; int count; } Graph;
typedef struct { Graph *recording; } Stream;
typedef struct { double milliseconds; int recorded; } Event;

/* Arithmetic of one launch: image of the module, name of the kernel, grid, pointers to the arguments. Not 0: it failed. */
typedef int (*Callback)(const void *image, const char *name, const unsigned *grid, void **parameters, int count);

static Callback callback;
static _Thread_local int context_is_current;
static int recording_streams, sticky_error, live_modules, live_graphs, live_events;
static struct { uint64_t start; size_t bytes; int pinned; } allocations[MAX_ALLOCATIONS];
static int allocation_count;
static char log_text[1 << 20], failing_name[64];
static size_t log_length;
static int failing_code;

/* what tests ask */

void stand_in_set_callback(Callback new_callback) { callback = new_callback; }
const char *stand_in_log(void) { return log_text; }
void stand_in_fail(const char *name, int code) { snprintf(failing_name, sizeof failing_name, "%s", name); failing_code = code; }
int stand_in_live(void) {
  int live = live_modules + live_graphs + live_events;
  for (int i = 0; i < allocation_count; i++) live += allocations[i].start != 0;
  return live;
}
int stand_in_ranges(uint64_t *starts, uint64_t *bytes, int most) {
  int count = 0;
  for (int i = 0; i < allocation_count && count < most; i++)
    if (allocations[i].start && !allocations[i].pinned) { starts[count] = allocations[i].start; bytes[count++] = allocations[i].bytes; }
  return count;
}

static void note(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (log_length < sizeof log_text - 512) log_length += vsnprintf(log_text + log_length, 500, format, arguments);
  va_end(arguments);
}

static int enter(const char *name) {
  if (failing_code && !strcmp(name, failing_name)) { int code = failing_code; failing_code = 0; return code; }
  if (sticky_error) return sticky_error;
  return context_is_current ? SUCCESS : INVALID_CONTEXT;
}
#define ENTER do { int code = enter(__func__); if (code) return code; } while (0)
#define NOT_WHILE_RECORDING do { if (recording_streams) { note("refused %s while recording\n", __func__); return CAPTURE_UNSUPPORTED; } } while (0)

/* device and context */

int cuInit(unsigned flags) { return flags ? INVALID_VALUE : SUCCESS; }
int cuDeviceGetCount(int *count) { *count = 1; return SUCCESS; }
int cuDeviceGet(int *device, int ordinal) { *device = 0; return ordinal ? 101 : SUCCESS; }
int cuDeviceGetName(char *name, int length, int device) { (void)device; snprintf(name, length, "Stand-in H100"); return SUCCESS; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 16: *value = 132; return SUCCESS;
    case 75: *value = 9; return SUCCESS;
    case 76: *value = 0; return SUCCESS;
    case 97: *value = SHARED_LIMIT; return SUCCESS;
    default: return INVALID_VALUE;
  }
}
int cuDevicePrimaryCtxRetain(void **context, int device) { (void)device; *context = (void *)0xC0; return SUCCESS; }
int cuCtxSetCurrent(void *context) { context_is_current = context == (void *)0xC0; return context_is_current ? SUCCESS : INVALID_CONTEXT; }

/* memory */

static int allocate(uint64_t *address, size_t bytes, int pinned) {
  void *memory;
  if (!bytes || allocation_count == MAX_ALLOCATIONS) return INVALID_VALUE;
  if (posix_memalign(&memory, 512, bytes)) return OUT_OF_MEMORY;
  memset(memory, 0xCD, bytes);
  allocations[allocation_count].start = *address = (uint64_t)memory;
  allocations[allocation_count].pinned = pinned;
  allocations[allocation_count++].bytes = bytes;
  return SUCCESS;
}
static int release(uint64_t address, int pinned) {
  for (int i = 0; i < allocation_count; i++)
    if (allocations[i].start == address && allocations[i].pinned == pinned) {
      memset((void *)address, 0xEE, allocations[i].bytes);
      allocations[i].start = 0;
      free((void *)address);
      return SUCCESS;
    }
  note("refused to free %llx\n", (unsigned long long)address);
  return INVALID_VALUE;
}
static int inside(uint64_t address, size_t bytes) {
  for (int i = 0; i < allocation_count; i++)
    if (allocations[i].start && address >= allocations[i].start && address + bytes <= allocations[i].start + allocations[i].bytes) return 1;
  note("refused address %llx\n", (unsigned long long)address);
  return 0;
}
int cuMemAlloc_v2(uint64_t *address, size_t bytes) { ENTER; NOT_WHILE_RECORDING; return allocate(address, bytes, 0); }
int cuMemFree_v2(uint64_t address) { ENTER; NOT_WHILE_RECORDING; return release(address, 0); }
int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) { (void)flags; ENTER; NOT_WHILE_RECORDING; return allocate((uint64_t *)address, bytes, 1); }
int cuMemFreeHost(void *address) { ENTER; NOT_WHILE_RECORDING; return release((uint64_t)address, 1); }

/* streams: work is done at once, or kept where the stream records */

static void execute(Work *work) {
  if (sticky_error) return;
  if (work->kind == COPY) memcpy((void *)work->target, (void *)work->source, work->bytes);
  if (work->kind == FILL) memset((void *)work->target, work->value, work->bytes);
  if (work->kind == LAUNCH) {
    void *pointers[MAX_PARAMETERS];
    for (int i = 0; i < work->kernel->count; i++) pointers[i] = work->parameters + 8 * i;
    work->kernel->launched = 1;
    if (callback && callback(work->kernel->image, work->kernel->name, work->grid, pointers, work->kernel->count)) sticky_error = LAUNCH_FAILED;
  }
}
static int issue(Stream *stream, Work work) {
  Work *kept = malloc(sizeof work);
  if (!stream) { note("refused the default stream\n"); free(kept); return INVALID_VALUE; }
  *kept = work;
  kept->next = NULL;
  if (stream->recording) {
    Graph *graph = stream->recording;
    if (graph->last) graph->last->next = kept; else graph->first = kept;
    graph->last = kept;
    graph->count++;
  } else {
    execute(kept);
    free(kept->parameters);
    free(kept);
  }
  return SUCCESS;
}
int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, void *stream) {
  ENTER;
  if (!inside(target, bytes)) return INVALID_VALUE;
  return issue(stream, (Work){.kind = COPY, .target = target, .source = (uint64_t)source, .bytes = bytes});
}
int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, void *stream) {
  ENTER;
  if (!inside(source, bytes)) return INVALID_VALUE;
  return issue(stream, (Work){.kind = COPY, .target = (uint64_t)target, .source = source, .bytes = bytes});
}
int cuMemsetD8Async(uint64_t target, unsigned char value, size_t bytes, void *stream) {
  ENTER;
  if (!inside(target, bytes)) return INVALID_VALUE;
  return issue(stream, (Work){.kind = FILL, .target = target, .value = value, .bytes = bytes});
}
int cuStreamCreate(void **stream, unsigned flags) { (void)flags; ENTER; *stream = calloc(1, sizeof(Stream)); return SUCCESS; }
int cuStreamSynchronize(void *stream) { (void)stream; ENTER; NOT_WHILE_RECORDING; return SUCCESS; }
int cuStreamBeginCapture_v2(void *stream, int mode) {
  ENTER;
  ((Stream *)stream)->recording = calloc(1, sizeof(Graph));
  recording_streams++;
  live_graphs++;
  note("begin capture %d\n", mode);
  return SUCCESS;
}
int cuStreamEndCapture(void *stream, void **graph) {
  ENTER;
  Graph *recorded = ((Stream *)stream)->recording;
  if (!recorded) return INVALID_VALUE;
  ((Stream *)stream)->recording = NULL;
  recording_streams--;
  *graph = recorded;
  note("end capture %d\n", recorded->count);
  return SUCCESS;
}
int cuGraphInstantiateWithFlags(void **executable, void *graph, uint64_t flags) {
  ENTER;
  if (flags) return INVALID_VALUE;
  *executable = memcpy(malloc(sizeof(Graph)), graph, sizeof(Graph));
  live_graphs++;
  return SUCCESS;
}
int cuGraphUpload(void *executable, void *stream) { (void)executable; (void)stream; ENTER; return SUCCESS; }
int cuGraphLaunch(void *executable, void *stream) {
  (void)stream;
  ENTER;
  note("graph launch\n");
  for (Work *work = ((Graph *)executable)->first; work; work = work->next) execute(work);
  return SUCCESS;
}
int cuGraphDestroy(void *graph) { ENTER; free(graph); live_graphs--; return SUCCESS; }
int cuGraphExecDestroy(void *executable) { ENTER; free(executable); live_graphs--; return SUCCESS; }

/* events */

int cuEventCreate(void **event, unsigned flags) { (void)flags; ENTER; *event = calloc(1, sizeof(Event)); live_events++; return SUCCESS; }
int cuEventRecord(void *event, void *stream) {
  (void)stream;
  ENTER;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  ((Event *)event)->milliseconds = now.tv_sec * 1e3 + now.tv_nsec * 1e-6;
  ((Event *)event)->recorded = 1;
  return SUCCESS;
}
int cuEventSynchronize(void *event) { (void)event; ENTER; NOT_WHILE_RECORDING; return SUCCESS; }
int cuEventElapsedTime(float *milliseconds, void *start, void *stop) {
  ENTER;
  if (!((Event *)start)->recorded || !((Event *)stop)->recorded) return INVALID_VALUE;
  *milliseconds = (float)(((Event *)stop)->milliseconds - ((Event *)start)->milliseconds);
  return SUCCESS;
}
int cuEventDestroy_v2(void *event) { ENTER; free(event); live_events--; return SUCCESS; }

/* modules: the tables in the sections .nv.info of the cubin, an ELF file */

static uint64_t number(const unsigned char *place, int bytes) {
  uint64_t value = 0;
  memcpy(&value, place, bytes);
  return value;
}
static void read_records(Kernel *kernel, const unsigned char *place, const unsigned char *end) {
  while (place + 4 <= end) {
    int form = place[0], attribute = place[1], size = (int)number(place + 2, 2);
    const unsigned char *contents = place + 4;
    place = contents;
    if (form != 4) continue;
    if (attribute == 0x10) kernel->threads = (int)number(contents, 4);
    if (attribute == 0x17) {
      int ordinal = (int)number(contents + 4, 2);
      kernel->offset[ordinal] = (int)number(contents + 6, 2);
      kernel->size[ordinal] = (int)(number(contents + 8, 4) >> 18);
      if (ordinal >= kernel->count) kernel->count = ordinal + 1;
    }
    place += size;
  }
}
int cuModuleLoadData(void **module, const void *data) {
  ENTER;
  NOT_WHILE_RECORDING;
  const unsigned char *image = data;
  if (memcmp(image, "\177ELF", 4)) return INVALID_IMAGE;
  uint64_t table = number(image + 40, 8);
  int entry = (int)number(image + 58, 2), count = (int)number(image + 60, 2), names_index = (int)number(image + 62, 2);
  const char *names = (const char *)image + number(image + table + (uint64_t)names_index * entry + 24, 8);
  Kernel *kernel = calloc(1, sizeof *kernel);
  kernel->image = image;
  kernel->shared_granted = SHARED_WITHOUT_ASKING;
  for (int i = 0; i < count; i++) {
    const unsigned char *header = image + table + (uint64_t)i * entry, *contents = image + number(header + 24, 8);
    const char *name = names + number(header, 4);
    if (!strncmp(name, ".text.", 6)) snprintf(kernel->name, sizeof kernel->name, "%s", name + 6);
    if (!strncmp(name, ".nv.info.", 9)) read_records(kernel, contents, contents + number(header + 32, 8));
  }
  live_modules++;
  note("module %s %d\n", kernel->name, kernel->count);
  *module = kernel;
  return SUCCESS;
}
int cuModuleUnload(void *module) { ENTER; free(module); live_modules--; return SUCCESS; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER;
  *function = module;
  return strcmp(((Kernel *)module)->name, name) ? NOT_FOUND : SUCCESS;
}
int cuFuncSetAttribute(void *function, int attribute, int value) {
  ENTER;
  if (attribute != 8 || value > SHARED_LIMIT) return INVALID_VALUE;
  ((Kernel *)function)->shared_granted = value;
  note("shared %s %d\n", ((Kernel *)function)->name, value);
  return SUCCESS;
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   void *stream, void **parameters, void **extra) {
  ENTER;
  Kernel *kernel = function;
  if (!gx || !gy || !gz || extra) return INVALID_VALUE;
  if ((int)bx != kernel->threads || by != 1 || bz != 1) { note("refused %u threads for %s\n", bx, kernel->name); return INVALID_VALUE; }
  if ((int)shared > kernel->shared_granted) { note("refused %u bytes of shared memory for %s\n", shared, kernel->name); return INVALID_VALUE; }
  if (recording_streams && !kernel->launched) { note("refused to record %s, which is not loaded\n", kernel->name); return CAPTURE_UNSUPPORTED; }
  Work work = {.kind = LAUNCH, .kernel = kernel, .grid = {gx, gy, gz}, .parameters = calloc(MAX_PARAMETERS, 8)};
  for (int i = 0; i < kernel->count; i++) {
    if (!parameters[i]) return INVALID_VALUE;
    memcpy(work.parameters + 8 * i, parameters[i], kernel->size[i]);
  }
  note("launch %s %s\n", kernel->name, recording_streams ? "recorded" : "eager");
  return issue(stream, work);
}

/* words */

static const struct { int code; const char *name, *description; } errors[] = {
  {SUCCESS, "CUDA_SUCCESS", "no error"}, {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
  {OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
  {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
  {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
  {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
  {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
  {CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
};
static int words(int code, const char **text, int description) {
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (errors[i].code == code) { *text = description ? errors[i].description : errors[i].name; return SUCCESS; }
  *text = NULL;
  return INVALID_VALUE;
}
int cuGetErrorName(int code, const char **text) { return words(code, text, 0); }
int cuGetErrorString(int code, const char **text) { return words(code, text, 1); }
