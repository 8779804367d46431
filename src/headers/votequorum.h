
/** Which structure votequorum_model_initialize() is given (since 8.1.0). */
typedef enum votequorum_model {
    /** votequorum_model_v1_data_t. */
    VOTEQUORUM_MODEL_V1 = 1
} votequorum_model_t;
